import { AssayError } from '../errors.js';
import { type Stream, stream } from '../random/stream.js';

/** What JEM++ adds to covariances, 1e-4 I, as a standard deviation in units of the model's own input. */
const JITTER = 0.01;

/**
 * Draws from N(mean, covariance + 1e-4 I) of the images of a class, cut to [0, 1], as JEM++ starts its chains (Yang & Ji
 * 2021, informative initialisation, and their code). Neither a covariance nor its root is needed: for images x_k of mean
 * m, m + sum_k z_k (x_k - m) / sqrt(K - 1) with z_k ~ N(0, 1) has just that mean and covariance, whatever its rank. So one
 * pass over images of any size will do. Draw i takes its z_k in the order of the data, and depends on no other draw.
 */
export class ClassGaussians {
  private readonly counts: Float64Array;
  /** (classes, size) */
  private readonly sums: Float64Array;
  /** (n, size): sum of z_k x_k. */
  private readonly mixtures: Float64Array;
  /** (n): sum of z_k. */
  private readonly weights: Float64Array;
  private readonly streams: readonly Stream[];
  private readonly rowsOf: readonly number[][];

  /** @param of (n): the class of every draw @param size numbers of an image */
  constructor(private readonly options: { of: Int32Array; classes: number; size: number; seed: number }) {
    const { of, classes, size, seed } = options;
    this.counts = new Float64Array(classes);
    this.sums = new Float64Array(classes * size);
    this.mixtures = new Float64Array(of.length * size);
    this.weights = new Float64Array(of.length);
    this.streams = Array.from(of, (_, example) =>
      stream({ seed, purpose: 'samples/class-gaussian', example }),
    );
    const rows = Array.from(of.keys());
    this.rowsOf = Array.from({ length: classes }, (_, c) => rows.filter((i) => of[i] === c));
  }

  /** More images of the data, (n, size), and their classes; without, all are of class 0. */
  take(pixels: Float32Array, labels?: Int32Array): void {
    const { size } = this.options;
    for (let k = 0; k < pixels.length / size; k++) {
      const c = labels?.[k] ?? 0;
      const image = pixels.subarray(k * size, (k + 1) * size);
      this.counts[c]!++;
      for (let j = 0; j < size; j++) this.sums[c * size + j]! += image[j]!;
      for (const i of this.rowsOf[c] ?? []) {
        const z = this.streams[i]!.normal();
        this.weights[i]! += z;
        for (let j = 0, at = i * size; j < size; j++, at++) this.mixtures[at]! += z * image[j]!;
      }
    }
  }

  /**
   * The draws, (n, size). @param inputScale d(model input) / d(pixel) per channel
   * Errors: `data-invalid` for a class with fewer than two images.
   */
  images(inputScale: readonly number[]): Float32Array {
    const { of, size } = this.options;
    const plane = size / inputScale.length;
    const out = new Float32Array(of.length * size);
    of.forEach((c, i) => {
      const count = this.counts[c] ?? 0;
      if (count < 2) throw tooFew(c, count);
      const spread = 1 / Math.sqrt(count - 1);
      for (let j = 0; j < size; j++) {
        const mean = this.sums[c * size + j]! / count;
        const jitter = (JITTER / inputScale[Math.floor(j / plane)]!) * this.streams[i]!.normal();
        const mixed = spread * (this.mixtures[i * size + j]! - this.weights[i]! * mean);
        out[i * size + j] = Math.min(1, Math.max(0, mean + mixed + jitter));
      }
    });
    return out;
  }
}

const tooFew = (c: number, found: number) =>
  new AssayError('data-invalid', `class ${c} has too few images for a covariance`, {
    expected: 'at least 2',
    found: String(found),
    hint: 'take a data set with images of every class, or raise its limit',
  });
