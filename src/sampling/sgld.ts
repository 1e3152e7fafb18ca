import { setImmediate } from 'node:timers/promises';
import { forRanges, interruption } from '../concurrency.js';
import { firstNotFinite, NotFinite } from '../models/finite.js';
import { addTo } from '../models/passes.js';
import type { Passes, System } from '../models/system.js';
import { normalsOf } from '../random/side-by-side.js';
import { type StreamKey, stream } from '../random/stream.js';
import { climb } from './climb.js';
import { refuseTarget, type TargetName } from './targets.js';

/**
 * What happens to a pixel that a step takes out of [0, 1]. `none` lets it go, as the public JEM code does;
 * `box` puts it on the boundary after every step.
 */
export type Clamp = 'none' | 'box';

/**
 * Stochastic gradient Langevin dynamics as JEM uses it (Grathwohl et al. 2019, section 5 and their code):
 * x <- x + stepSize * d log p(x)/dx + noise * N(0, 1), with the noise chosen independently of the step size, so
 * that this is a short-run sampler and not a discretisation of Langevin dynamics (which has
 * noise = sqrt(2 * stepSize)). Both numbers are in units of the model's own input, as papers give them.
 */
export interface SgldOptions {
  /** In units of the model's own input, squared. JEM: 1. */
  stepSize: number;
  /** Standard deviation, in units of the model's own input. JEM: 0.01. */
  noise: number;
  clamp: Clamp;
  /** Divides the gradient: with noise = sqrt(2 * stepSize) the chain draws from p(x)^(1 / temperature). Default: 1. */
  temperature?: number;
  /**
   * The gradient of a step, in units of the model's own input and before the temperature, is shortened to this
   * Euclidean norm. Default: it is taken as it is.
   */
  clip?: number;
  /** What is climbed; the default is log p(x). */
  target?: TargetName;
}

/** Chains, one a row: pixels in place of the model's units. */
export interface SgldState {
  n: number;
  /** (n, C, H, W); updated in place. */
  pixels: Float32Array;
  /**
   * (n): which chain each is. The noise of a step is drawn from the chain's key and the number of the step alone, so
   * that a chain goes on from its middle, and its noise can be replayed; `substep` is taken.
   */
  keys: readonly StreamKey[];
  /** (n): the class y of each, for targets of a class. */
  labels?: Int32Array;
}

/** Writes the standard normal noise (n, size) of a step of chains. */
export function stepNoise(keys: readonly StreamKey[], step: number, into: Float64Array): void {
  normalsOf(
    keys.map((key) => ({ ...key, purpose: ofSteps(key.purpose), substep: step })),
    into,
  );
}

const purposes = new Map<string, string>();

/** Known ones are found again: a string that is put together anew takes as long as the noise of 100 pixels. */
function ofSteps(purpose: string): string {
  const known = purposes.get(purpose);
  if (known !== undefined) return known;
  const made = `${purpose}/sgld`;
  if (purposes.size > 10_000) purposes.clear();
  purposes.set(purpose, made);
  return made;
}

/**
 * Step number `step` (from 0) of chains, in place, given `gradient` = d target / d pixels (n, C, H, W). `inputScale[c]` is
 * d(model input) / d(pixel) of channel c; one entry serves all channels.
 * @param draws `stepNoise` of the step, where it has been drawn
 */
export function sgldStep(
  { n, pixels, keys }: SgldState,
  step: number,
  gradient: Float32Array,
  { stepSize, noise, clamp, temperature = 1, clip }: SgldOptions,
  inputScale: readonly number[],
  draws?: Float64Array,
): void {
  const own = draws ?? new Float64Array(pixels.length);
  if (!draws && noise > 0) stepNoise(keys, step, own);
  const size = pixels.length / n;
  const plane = size / inputScale.length;
  const advance = clamp === 'box' ? advanceInBox : advanceFreely;
  for (let i = 0; i < n; i++) {
    const at = i * size;
    const shortened = clip === undefined ? 1 : shortening(gradient.subarray(at, at + size), clip, inputScale);
    const share = shortened / temperature;
    for (let c = 0; c < inputScale.length; c++) {
      const scale = inputScale[c]!;
      // The model's input is scale * pixel + shift: its gradient is gradient / scale, its step divides again.
      const drift = (share * stepSize) / (scale * scale);
      const [from, to] = [at + c * plane, at + (c + 1) * plane];
      advance(pixels, gradient, own, { from, to, drift, spread: noise / scale });
    }
  }
}

/** Which numbers are moved, and how far gradient and noise move them. */
interface Advance {
  from: number;
  to: number;
  drift: number;
  spread: number;
}

function advanceFreely(
  pixels: Float32Array,
  gradient: Float32Array,
  draws: Float64Array,
  { from, to, drift, spread }: Advance,
): void {
  for (let k = from; k < to; k++) pixels[k] = pixels[k]! + drift * gradient[k]! + spread * draws[k]!;
}

function advanceInBox(
  pixels: Float32Array,
  gradient: Float32Array,
  draws: Float64Array,
  { from, to, drift, spread }: Advance,
): void {
  for (let k = from; k < to; k++) {
    let x = pixels[k]! + drift * gradient[k]! + spread * draws[k]!;
    if (x < 0) x = 0;
    else if (x > 1) x = 1;
    pixels[k] = x;
  }
}

/** What brings a gradient with respect to pixels to a norm of at most `clip` in units of the model's own input. */
export function shortening(gradient: Float32Array, clip: number, inputScale: readonly number[]): number {
  const plane = gradient.length / inputScale.length;
  let squares = 0;
  for (let c = 0; c < inputScale.length; c++)
    for (let k = c * plane; k < (c + 1) * plane; k++) squares += (gradient[k]! / inputScale[c]!) ** 2;
  return squares > clip * clip ? clip / Math.sqrt(squares) : 1;
}

/**
 * Adds N(0, deviation^2) to every pixel, in place; `deviation` in units of the model's own input. The draws are none of
 * those of the chain's steps.
 */
export function addNoise(
  { n, pixels, keys }: SgldState,
  deviation: number,
  inputScale: readonly number[],
): void {
  if (deviation === 0) return;
  const size = pixels.length / Math.max(1, n);
  const plane = size / inputScale.length;
  const draws = new Float64Array(size);
  for (let i = 0; i < n; i++) {
    stream({ ...keys[i]!, purpose: `${keys[i]!.purpose}/input-noise` }).normals(draws);
    for (let k = 0; k < size; k++)
      pixels[i * size + k]! += (deviation / inputScale[Math.floor(k / plane)]!) * draws[k]!;
  }
}

export interface ClimbOptions extends SgldOptions {
  steps: number;
  /** Number of the first step: above 0 for chains that go on from their middle. Default: 0. */
  from?: number;
  /**
   * Told of a chain that left where the system has numbers, by its row: it is moved no further, and its pixels mean
   * nothing. Without it, the first such chain is an error.
   */
  fail?: (row: number, error: NotFinite) => void;
  signal?: AbortSignal;
}

/**
 * Moves chains `steps` steps up a log density of `system`, in place. Chains advance in batches of the system's size,
 * several at a time; an image's path depends on its own pixels and key only.
 * Errors: `config-invalid` when the system has no such density, `model-invalid` when a gradient or a pixel is not
 * finite, `interrupted` when the signal is raised.
 */
export async function sgld(system: System, state: SgldState, options: ClimbOptions): Promise<Passes> {
  const { steps, from = 0, target = 'log-px', fail, signal } = options;
  refuseTarget(system.info, target);
  const passes: Passes = { forward: 0, gradient: 0 };
  const size = state.pixels.length / Math.max(1, state.n);
  let failed = false;
  const lose = (row: number, error: NotFinite) => {
    failed ||= fail === undefined;
    if (!fail) throw error;
    fail(row, error);
  };
  // One more lane than there are calls at once: while it draws noise, no call waits for it.
  const lanes = system.concurrency + 1;
  const step = partOf(state.n, system, lanes);
  await forRanges(state.n, { step, lanes, signal }, async (start, end) => {
    let part = chosen(state, range(start, end));
    let draws = new Float64Array(part.pixels.length);
    // Once one part has failed the others need not go on to their last step.
    for (let k = from; k < from + steps && part.n > 0 && !failed; k++) {
      if (signal?.aborted) throw interruption(signal);
      const climbing = climb(system, part, target, k).catch((reason: unknown) => {
        failed = true;
        throw reason;
      });
      const [climbed] = await Promise.all([climbing, drawMeanwhile(part.keys, k, options.noise, draws)]);
      addTo(passes, climbed.passes);
      sgldStep(part, k, climbed.gradient, options, system.info.inputScale, draws);
      for (const { row, error } of climbed.lost) lose(part.rows[row]!, error);
      if (climbed.lost.length === 0) continue;
      part = without(part, new Set(climbed.lost.map(({ row }) => row)));
      draws = draws.subarray(0, part.pixels.length);
    }
    part.rows.forEach((row, i) => {
      const pixels = part.pixels.subarray(i * size, (i + 1) * size);
      if (firstNotFinite(pixels) >= 0) lose(row, leftNumbers(system.info.name));
      state.pixels.set(pixels, row * size);
    });
  });
  return passes;
}

/** Draws the noise of a step, which does not depend on where chains are, once the engine has been handed its gradient. */
async function drawMeanwhile(
  keys: readonly StreamKey[],
  step: number,
  noise: number,
  draws: Float64Array,
): Promise<void> {
  if (noise === 0) return;
  await setImmediate();
  stepNoise(keys, step, draws);
}

/** Fewer chains than that take more of a call for each. */
const FEWEST = 32;

/**
 * Chains of a part. Every lane has some where there are enough, and where there are more parts than lanes all get as many, so that none
 * is left to run alone.
 */
function partOf(n: number, { batchSize, concurrency }: System, lanes: number): number {
  const most = Math.min(batchSize, Math.ceil(n / concurrency));
  const parts = Math.ceil(n / Math.max(1, most));
  const even = Math.ceil(n / lanes);
  if (parts <= lanes) return even < FEWEST ? most : Math.min(most, even);
  return Math.ceil(n / (lanes * Math.ceil(parts / lanes)));
}

const leftNumbers = (name: string) =>
  new NotFinite(`a chain of "${name}" left the numbers of float32`, { hint: 'use a smaller step size' });

const range = (start: number, end: number) => Array.from({ length: end - start }, (_, i) => start + i);

/** Some of the chains, as a copy. */
interface Part extends SgldState {
  /** Where each stands among all. */
  rows: readonly number[];
}

export function chosen({ pixels, keys, labels, n }: SgldState, rows: readonly number[]): Part {
  const size = pixels.length / Math.max(1, n);
  const own = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    own.set(pixels.subarray(row * size, (row + 1) * size), i * size);
  });
  return {
    n: rows.length,
    pixels: own,
    keys: rows.map((row) => keys[row]!),
    ...(labels && { labels: Int32Array.from(rows, (row) => labels[row]!) }),
    rows,
  };
}

function without(part: Part, lost: ReadonlySet<number>): Part {
  const kept = range(0, part.n).filter((i) => !lost.has(i));
  return { ...chosen(part, kept), rows: kept.map((i) => part.rows[i]!) };
}
