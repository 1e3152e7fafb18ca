/** (C, H, W) */
export type ImageShape = readonly [number, number, number];
