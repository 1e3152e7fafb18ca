import type { Graph } from '../../src/graph/graph.js';
import { preactResNet18 } from './preact-resnet.js';
import { visionTransformer } from './vision-transformer.js';
import { wideResNet } from './wide-resnet.js';

interface Network {
  title: string;
  build(): Graph;
}

/** What `npm run bench -- --network NAME` builds. */
export const networks: Record<string, Network> = {
  'wrn-16-4': { title: 'WRN-16-4', build: () => wideResNet(16, 4) },
  'preact-resnet-18': { title: 'PreAct-ResNet-18', build: () => preactResNet18() },
  vit: { title: 'ViT, 6 blocks of width 192', build: () => visionTransformer() },
};

/** Errors: names those that there are. */
export function networkOf(name: string): Network {
  if (Object.hasOwn(networks, name)) return networks[name]!;
  throw new Error(`there is no network "${name}"; there are ${Object.keys(networks).join(', ')}`);
}
