import { type Bounded, dimsOf, sizeOf } from '../network/network.js';
import type { Range } from '../network/ranges.js';
import type { Extent } from './extents.js';
import type { LocalNetwork } from './local.js';

/** What a walk is of: an image, or one place of a value of an image. */
export interface Item {
  image: number;
  /** Along each spatial axis; in walks of windows. */
  position?: readonly number[];
}

/** Takes out of numbers of images (n, size) those that walks of some items read: (items, size of the window). */
export class Cut {
  private readonly places = new Map<string, readonly Int32Array[]>();

  constructor(
    private readonly network: Bounded,
    private readonly items: readonly Item[],
    private readonly local: LocalNetwork | undefined,
  ) {}

  /** Numbers of one item in a value. */
  size(value: string): number {
    return sizeOf(this.local?.network ?? this.network, value);
  }

  /** Places outside of the value are 0. */
  of(value: string, from: Float32Array): Float32Array {
    return this.filled(value, from, new Float32Array(this.items.length * this.size(value)));
  }

  range(value: string, { lower, upper, ball }: Range): Range {
    return {
      lower: this.of(value, lower),
      upper: this.of(value, upper),
      // A part of what lies in a ball lies in a ball of its radius.
      ...(ball && { ball: { centre: this.of(value, ball.centre), radius: ball.radius } }),
    };
  }

  /** Flat places of `value` that are stored for numbers of `of`, as places of the window. */
  flatPlaces(value: string, of: string, from: Int32Array): BigInt64Array {
    const { local } = this;
    const cut = this.filled(of, from, new Int32Array(this.items.length * this.size(of)));
    if (!local) return BigInt64Array.from(cut, BigInt);
    const dims = dimsOf(this.network, value).slice(1);
    const area = dims.reduce((product, d) => product * d, 1);
    const { size, stride, start } = extentOf(local, value);
    const windowArea = size.reduce((product, d) => product * d, 1);
    const each = this.size(of);
    const outputs = this.placesOf(of);
    return BigInt64Array.from(cut, (place, i) => {
      const item = Math.floor(i / each);
      if (outputs[item]![(i % each) % outputs[item]!.length]! < 0) return 0n;
      const { position = [] } = this.items[item]!;
      let left = place % area;
      let [at, step] = [0, 1];
      for (let axis = dims.length - 1; axis >= 0; axis--) {
        at += ((left % dims[axis]!) - position[axis]! * stride[axis]! - start[axis]!) * step;
        left = Math.floor(left / dims[axis]!);
        step *= size[axis]!;
      }
      return BigInt(Math.floor(place / area) * windowArea + at);
    });
  }

  private filled<Numbers extends Float32Array | Int32Array>(
    value: string,
    from: Numbers,
    to: Numbers,
  ): Numbers {
    const whole = sizeOf(this.network, value);
    const size = this.size(value);
    this.items.forEach(({ image }, item) => {
      if (this.local) this.crop(value, from, image * whole, to, item);
      else to.set(from.subarray(image * whole, (image + 1) * whole), item * size);
    });
    return to;
  }

  private crop(
    value: string,
    from: Float32Array | Int32Array,
    offset: number,
    to: Float32Array | Int32Array,
    item: number,
  ): void {
    const places = this.placesOf(value)[item]!;
    const [channels, ...spatial] = dimsOf(this.network, value) as readonly [number, ...number[]];
    const area = spatial.reduce((product, d) => product * d, 1);
    let at = item * channels * places.length;
    for (let channel = 0; channel < channels; channel++) {
      const base = offset + channel * area;
      for (let i = 0; i < places.length; i++, at++) {
        const place = places[i]!;
        if (place >= 0) to[at] = from[base + place]!;
      }
    }
  }

  private placesOf(value: string): readonly Int32Array[] {
    const { local, network } = this;
    if (!local) throw new Error('a walk of whole images');
    const dims = dimsOf(network, value).slice(1);
    const extent = extentOf(local, value);
    const found =
      this.places.get(value) ?? this.items.map(({ position = [] }) => placesIn(extent, dims, position));
    this.places.set(value, found);
    return found;
  }
}

function extentOf({ extents }: LocalNetwork, value: string): Extent {
  const extent = extents.get(value);
  if (!extent) throw new Error(`${value} is not in the window`);
  return extent;
}

/** Places of a value in a window, one channel's, by place of the window; -1 outside of the value. */
function placesIn(
  { size, stride, start }: Extent,
  dims: readonly number[],
  position: readonly number[],
): Int32Array {
  let places = [0];
  dims.forEach((extent, axis) => {
    const first = position[axis]! * stride[axis]! + start[axis]!;
    const along = Array.from({ length: size[axis]! }, (_, i) => first + i);
    places = places.flatMap((place) =>
      along.map((at) => (place < 0 || at < 0 || at >= extent ? -1 : place * extent + at)),
    );
  });
  return Int32Array.from(places);
}
