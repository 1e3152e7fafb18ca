import { forRanges } from '../concurrency.js';
import type { Dataset } from '../data/dataset.js';
import type { Engine, Program } from '../engines/engine.js';
import { floatsOf } from '../engines/outputs.js';
import { AssayError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { tensorflowNode } from '../graph/tensorflow.js';
import { mapTuple } from '../map-tuple.js';
import { argmaxOf } from '../metrics/softmax.js';
import type { ModelCard } from './card/card.js';
import type { Contract } from './card/contract.js';
import { refuseNotFinite } from './finite.js';
import { chooseOutputs, softmaxNode, wrongWidth } from './graph/outputs.js';
import { noiseImages, type Prepared, pixelValue } from './graph/prepare.js';
import { notFiniteOrigin } from './programs/not-finite-origin.js';
import type { System } from './system.js';

/** The only engine that runs a network; undefined where any does. */
export const engineOf = (network: Graph): string | undefined =>
  tensorflowNode(network) ? 'tfjs' : undefined;

/** Errors: `op-unsupported` when a network runs on another engine only. */
export function refuseEngine(network: Graph, { name }: Engine, checkpoint: string): void {
  const engine = engineOf(network);
  if (engine === undefined || engine === name) return;
  const node = tensorflowNode(network);
  throw new AssayError('op-unsupported', 'graph models of TensorFlow.js run on TensorFlow.js only', {
    file: checkpoint,
    path: node && `node "${node.name}" (${node.op})`,
    expected: `the engine ${engine}`,
    found: `the engine ${name}`,
    hint: `add \`--engine ${engine}\`, which runs every model of the run, or convert this one: python -m tf2onnx.convert --tfjs model.json --output model.onnx`,
  });
}

/** Refuses a network that ends in Softmax or Sigmoid where logits are wanted. Errors: `model-invalid`. */
export function refuseSoftmaxNode(network: Graph, contract: Contract, checkpoint: string): void {
  if (contract.classes === 0 || contract.softmaxOutput) return;
  const { logits } = chooseOutputs(network, contract, checkpoint);
  const node = logits && softmaxNode(network, logits.name);
  if (node && node.op !== 'LogSoftmax') throw softmaxOutput(checkpoint, node.op, node.inputs[0], node.name);
}

function softmaxOutput(checkpoint: string, op: string, before?: string, node?: string) {
  const name = before
    ? `name the value before it, \`outputs: { logits: "${before}" }\``
    : 'export the logits';
  return new AssayError('model-invalid', 'the network puts out probabilities where logits are expected', {
    file: checkpoint,
    path: node ? `node "${node}"` : undefined,
    expected: 'logits: gradients vanish behind a saturated softmax, and log p(x) is lost',
    found: op,
    hint: `${name}, or state \`softmaxOutput: true\` in the model card to work with the log of the probabilities`,
  });
}

/** Images that a network is tried on. */
const PROBES = 2;

/** Rows of numbers in [0, 1] that sum to 1 are probabilities. */
function looksLikeSoftmax(logits: Float32Array, n: number, classes: number): boolean {
  for (let i = 0; i < n; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    if (row.some((v) => !(v >= 0 && v <= 1))) return false;
    if (Math.abs(row.reduce((a, v) => a + v, 0) - 1) > 1e-5) return false;
  }
  return true;
}

/** What a trial run showed. */
export interface Trial {
  /** The outputs are log-probabilities, so their logsumexp is always 0. */
  normalised: boolean;
}

/**
 * Runs a prepared network on noise, twice. Errors: `shape-mismatch` when its outputs are not (n, classes) and (n);
 * `model-invalid` for NaN, infinity, probabilities in place of logits, and outputs that differ between runs.
 */
export async function tryOut(
  engine: Engine,
  program: Program,
  prepared: Prepared,
  contract: Contract,
  checkpoint: string,
): Promise<Trial> {
  const n = prepared.fixedBatch ?? PROBES;
  const images = noiseImages(n, contract.shape);
  const feeds = { [prepared.pixels]: pixelValue(images, n, contract.shape) };
  const runs = [await program.run(feeds), await program.run(feeds)] as const;
  const { logits, logPx } = prepared.outputs;
  const batch = { n, pixels: images };
  const origin = () => () => notFiniteOrigin(engine, prepared.graph, feeds);
  const read = (name: string) => mapTuple(runs, (run) => floatsOf(run, name));
  let normalised = false;
  if (logits) {
    const [first, second] = read(logits);
    if (first.length !== n * contract.classes) throw wrongWidth(contract, first.length / n, checkpoint);
    refuseNotFinite(contract.name, 'a logit', first, contract.classes, batch, origin);
    refuseChance(first, second, checkpoint);
    if (!contract.softmaxOutput && looksLikeSoftmax(first, n, contract.classes))
      throw softmaxOutput(checkpoint, 'rows of non-negative numbers that sum to 1, on noise images');
  }
  if (logPx) {
    const [first, second] = read(logPx);
    if (first.length !== n) throw notScalar(contract, first.length / n, checkpoint);
    refuseNotFinite(contract.name, 'log p(x)', first, 1, batch, origin);
    refuseChance(first, second, checkpoint);
    normalised = contract.energy.kind === 'logsumexp' && first.every((v) => Math.abs(v) < 1e-5);
  }
  return { normalised };
}

function notScalar(contract: Contract, width: number, checkpoint: string) {
  return new AssayError('shape-mismatch', 'the energy must be one number per image', {
    file: contract.file ?? `model card "${contract.name}"`,
    path: 'energy.output',
    expected: 'an output of shape [N] or [N, 1]',
    found: `${width} numbers per image in ${checkpoint}`,
    hint: 'name the scalar output, or list `classes` and leave out `energy` if these are logits',
  });
}

/** Sums in another order, as on a GPU, are no chance. */
const ROUNDING = 1e-5;

function refuseChance(first: Float32Array, second: Float32Array, checkpoint: string): void {
  const scale = first.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const at = first.findIndex((v, i) => Math.abs(v - second[i]!) > ROUNDING * scale);
  if (at < 0) return;
  throw new AssayError('model-invalid', 'the network gives different outputs for the same images', {
    file: checkpoint,
    expected: 'a deterministic network',
    found: `${first[at]}, then ${second[at]}`,
    hint: 'export it in evaluation mode (dropout off); randomised defences are declared in the run file',
  });
}

/** Errors: `model-invalid` when the card states a hash and the checkpoint has another. */
export function checkHash(card: ModelCard, sha256: string, checkpoint: string): void {
  if (card.sha256 === undefined || card.sha256.toLowerCase() === sha256) return;
  throw new AssayError('model-invalid', 'the checkpoint is not the one the card was written for', {
    file: checkpoint,
    path: 'sha256',
    expected: card.sha256.toLowerCase(),
    found: sha256,
    hint: 'fetch the checkpoint again; if it was changed on purpose, update sha256 in the card',
  });
}

export interface AccuracyCheck {
  accuracy: number;
  n: number;
}

/**
 * Measures clean accuracy and compares it with what the card expects.
 * @param subset the data set is only a part of the one the card speaks of: three standard errors are allowed beyond
 * the tolerance
 * Errors: `expectation-missed`; `data-invalid` for an empty or unlabelled set.
 */
export async function expectAccuracy(
  system: System,
  dataset: Dataset,
  expect: NonNullable<ModelCard['expect']>,
  { subset = false, file, signal }: { subset?: boolean; file?: string; signal?: AbortSignal } = {},
): Promise<AccuracyCheck> {
  const { info } = dataset;
  if (!info.labelled || info.size === 0)
    throw new AssayError('data-invalid', `accuracy cannot be checked on the data set "${info.name}"`, {
      file: info.path,
      expected: 'labelled examples',
      found: info.size === 0 ? 'no examples' : 'no labels',
      hint: 'name a labelled data set under expect.on',
    });
  let correct = 0;
  const lanes = { step: system.batchSize, lanes: system.concurrency, signal };
  await forRanges(info.size, lanes, async (start, end) => {
    const { n, pixels, labels, indices } = await dataset.read(start, end);
    const keys = Array.from(indices, (example) => ({ seed: 0, purpose: 'clean', example }));
    const { logits } = await system.forward({ n, pixels, labels, keys });
    const classes = system.info.classes.length;
    for (let i = 0; logits && labels && i < n; i++)
      if (argmaxOf(logits, i * classes, classes) === labels[i]) correct++;
  });
  return judgeAccuracy({
    system: system.info.name,
    dataset: info.name,
    expect,
    correct,
    n: info.size,
    subset,
    file,
    network: system.info.network,
  });
}

/** Correct answers of a system on a data set, and what its card expects. */
export interface AccuracyClaim {
  system: string;
  dataset: string;
  expect: NonNullable<ModelCard['expect']>;
  correct: number;
  n: number;
  subset?: boolean;
  file?: string;
  /** What a file of weights was taken for. */
  network?: string;
}

/**
 * How far accuracy on n examples may be from what a card expects: its tolerance, and three standard errors on a part
 * of the data set that it speaks of.
 */
export function allowance(
  { accuracy, tolerance = 0.01 }: NonNullable<ModelCard['expect']>,
  n: number,
  subset: boolean,
): number {
  return tolerance + (subset ? 3 * Math.sqrt((accuracy * (1 - accuracy)) / n) : 0);
}

/** Forgives the rounding of a card's own numbers. */
export const SIXTH_DECIMAL = 1e-6;

/** Compares counted answers with what a card expects. Errors: `expectation-missed`. */
export function judgeAccuracy(claim: AccuracyClaim): AccuracyCheck {
  const { system, dataset, expect, correct, n, subset = false, file, network } = claim;
  const accuracy = correct / n;
  const allowed = allowance(expect, n, subset);
  if (Math.abs(accuracy - expect.accuracy) <= allowed + SIXTH_DECIMAL) return { accuracy, n };
  const percent = (value: number) => `${(100 * value).toFixed(2)} %`;
  throw new AssayError('expectation-missed', `"${system}" misses the accuracy its card expects`, {
    file,
    path: 'expect.accuracy',
    expected: `${percent(expect.accuracy)} within ${percent(allowed)} on "${dataset}"`,
    found: `${percent(accuracy)} (${correct} of ${n})`,
    hint: `${network === undefined ? '' : `the weights were taken for ${network}: check \`architecture\` first; `}check the order of the classes, the range or mean and std, channel order (RGB) and the data set; nothing was attacked`,
  });
}
