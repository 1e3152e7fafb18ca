import type { DataFormat } from '../source.js';

/** What files of torch.save before PyTorch 1.6 begin with: a pickle of their magic number. */
const LEGACY = '80028a0a6cfc9c46f9206aa85019';

/** Tensors that torch.save wrote: one of images, a dict of them by name, or (images, labels). Nothing is executed. */
export const pytorch: DataFormat = {
  name: 'pytorch',
  title: 'PyTorch file (torch.save)',
  recognises: ({ start, members = [] }) =>
    members.some((name) => /^([^/]+\/)?data\.pkl$/.test(name)) ||
    Buffer.from(start).toString('hex', 0, LEGACY.length / 2) === LEGACY,
  open: async (spec) => (await import('./pytorch-images.js')).openPytorch(spec),
};
