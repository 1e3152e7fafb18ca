import { windowOf } from '../../autodiff/window.js';
import type { WindowRow } from './row.js';
import type { BoundSite } from './site.js';

/** Flat places in (C, H, W, ...) that each output of a pooling looks at; padding is no place. */
function windows(s: BoundSite): Int32Array[] {
  const [channels, ...inputs] = s.shape(s.x[0]!).slice(1) as [number, ...number[]];
  const outputs = s.shape(s.y).slice(2);
  const { kernel, strides, dilations, before } = windowOf(s, s.ints('kernel_shape') ?? [], s.x[0]!, s.y);
  const area = inputs.reduce((product, d) => product * d, 1);
  // Places of one channel, by output: along each axis in turn.
  let places: number[][] = [[0]];
  inputs.forEach((extent, axis) => {
    places = places.flatMap((found) =>
      Array.from({ length: outputs[axis]! }, (_, o) => {
        const along = Array.from(
          { length: kernel[axis]! },
          (_, t) => o * strides[axis]! - before[axis]! + t * dilations[axis]!,
        );
        return found.flatMap((place) =>
          along.filter((at) => at >= 0 && at < extent).map((at) => place * extent + at),
        );
      }),
    );
  });
  return Array.from({ length: channels }, (_, channel) =>
    places.map((found) => Int32Array.from(found, (place) => channel * area + place)),
  ).flat();
}

/** All places of a channel, by channel. */
function wholeChannels(s: BoundSite): Int32Array[] {
  const [channels, ...inputs] = s.shape(s.x[0]!).slice(1) as [number, ...number[]];
  const area = inputs.reduce((product, d) => product * d, 1);
  return Array.from({ length: channels }, (_, channel) =>
    Int32Array.from({ length: area }, (__, place) => channel * area + place),
  );
}

const ofBothEnds: WindowRow['interval'] = (s, { lower, upper }) => {
  const pooled = (x: string) => s.b.op(s.node.op, [x], s.node.attributes);
  return { lower: pooled(lower), upper: pooled(upper) };
};

/** The largest of each window. */
export const maxima: readonly WindowRow[] = [
  { kind: 'window', op: 'MaxPool', interval: ofBothEnds, windows },
  { kind: 'window', op: 'GlobalMaxPool', interval: ofBothEnds, windows: wholeChannels },
];
