import { stream } from '../../src/random/stream.js';

/** ReLU between affine layers: (outputs, inputs) row by row, and offsets. */
export interface Mlp {
  sizes: readonly number[];
  weights: Float64Array[];
  offsets: Float64Array[];
}

/** What is learnt: above 1 at random points of a box, and below -1 at one of its points. */
export interface Hidden {
  centre: Float32Array;
  radius: number;
  point: Float32Array;
}

const [STEPS, BATCH, RATE, DECAY] = [1200, 48, 4e-3, [0.9, 0.999]] as const;

/**
 * A network of one output with a counterexample, trained into it (in the manner of SoundnessBench: Zhou et al. 2024): hinge loss on
 * random points of the box and points that go downhill from such, away from the hidden one, and on the hidden one. Adam (Kingma & Ba 2015), in
 * float64; the same for the same seed.
 */
export function trainedAround(hidden: Hidden, sizes: readonly number[], seed: number): Mlp {
  const draws = stream({ seed, purpose: 'test/hidden-training', example: 0 });
  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - draws.uniform())) * Math.cos(2 * Math.PI * draws.uniform());
  const mlp: Mlp = {
    sizes,
    weights: sizes.slice(1).map((outputs, l) => {
      const inputs = sizes[l]!;
      return Float64Array.from({ length: outputs * inputs }, () => normal() * Math.sqrt(2 / inputs));
    }),
    offsets: sizes.slice(1).map((outputs) => new Float64Array(outputs)),
  };
  const all = [...mlp.weights, ...mlp.offsets];
  const gradients = all.map((numbers) => new Float64Array(numbers.length));
  const [means, squares] = [0, 1].map(() => all.map((numbers) => new Float64Array(numbers.length))) as [
    Float64Array[],
    Float64Array[],
  ];
  const { centre, radius, point } = hidden;
  const isNear = (x: Float64Array) => Math.max(...x.map((v, i) => Math.abs(v - point[i]!))) < radius / 2;
  for (let step = 1; step <= STEPS; step++) {
    for (const gradient of gradients) gradient.fill(0);
    for (let k = 0; k < BATCH; k++) {
      const isCorner = k % 2 === 0;
      const x = Float64Array.from(centre, (c) => {
        const u = draws.uniform();
        return c + radius * (2 * (isCorner ? Math.round(u) : u) - 1);
      });
      for (let down = 0; down < (k % 3 === 0 ? 2 : 0); down++) {
        const slopes = passed(mlp, x, 1).slopes;
        x.forEach((v, i) => {
          const moved = v - Math.sign(slopes[i]!) * radius * 0.3;
          x[i] = Math.min(centre[i]! + radius, Math.max(centre[i]! - radius, moved));
        });
      }
      if (!isNear(x) && passed(mlp, x, 0).value < 1.5) passed(mlp, x, -1 / BATCH, gradients);
    }
    const at = Float64Array.from(point);
    if (passed(mlp, at, 0).value > -1.5) passed(mlp, at, 0.5, gradients);
    all.forEach((numbers, n) => {
      const [g, m, v] = [gradients[n]!, means[n]!, squares[n]!];
      for (let i = 0; i < numbers.length; i++) {
        m[i] = DECAY[0] * m[i]! + (1 - DECAY[0]) * g[i]!;
        v[i] = DECAY[1] * v[i]! + (1 - DECAY[1]) * g[i]! ** 2;
        const rate = (RATE * Math.sqrt(1 - DECAY[1] ** step)) / (1 - DECAY[0] ** step);
        numbers[i]! -= (rate * m[i]!) / (Math.sqrt(v[i]!) + 1e-8);
      }
    });
  }
  return mlp;
}

/**
 * The output at a point, and its slopes there times a weight.
 * @param into what the gradients of weights, then offsets, are added to
 */
function passed(
  { sizes, weights, offsets }: Mlp,
  x: Float64Array,
  weight: number,
  into?: readonly Float64Array[],
): { value: number; slopes: Float64Array } {
  const layers = [x];
  weights.forEach((w, l) => {
    const [inputs, before] = [sizes[l]!, layers[l]!];
    const after = offsets[l]!.slice();
    for (let o = 0; o < after.length; o++) {
      for (let i = 0; i < inputs; i++) after[o]! += w[o * inputs + i]! * before[i]!;
      if (l < weights.length - 1 && after[o]! < 0) after[o] = 0;
    }
    layers.push(after);
  });
  let back = Float64Array.of(weight);
  for (let l = weights.length - 1; l >= 0; l--) {
    const [inputs, before, w, own] = [sizes[l]!, layers[l]!, weights[l]!, back];
    const next = new Float64Array(inputs);
    for (let o = 0; o < own.length; o++) {
      const g = own[o]!;
      if (g === 0) continue;
      for (let i = 0; i < inputs; i++) next[i]! += g * w[o * inputs + i]!;
      if (!into) continue;
      into[weights.length + l]![o]! += g;
      for (let i = 0; i < inputs; i++) into[l]![o * inputs + i]! += g * before[i]!;
    }
    if (l > 0) for (let i = 0; i < inputs; i++) if (before[i]! <= 0) next[i] = 0;
    back = next;
  }
  return { value: layers.at(-1)![0]!, slopes: back };
}
