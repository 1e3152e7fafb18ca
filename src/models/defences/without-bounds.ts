import type { SystemInfo } from '../system.js';

/** Bounds hold for one network and one image: not for what a defence draws, which is another image every time. */
export const withoutBounds = (info: SystemInfo): SystemInfo => ({
  ...info,
  offers: info.offers.filter((one) => one !== 'marginBounds'),
  lacks: {
    ...info.lacks,
    marginBounds: 'it is random: bounds hold for one network, not for what a defence draws',
  },
});
