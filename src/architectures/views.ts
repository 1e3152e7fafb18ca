import type { Tensor } from '../graph/graph.js';
import { asFloat32 } from '../graph/widen.js';
import { mapTuple } from '../map-tuple.js';
import { putTogether } from './reparametrised.js';
import type { Weights } from './weights.js';

/** What a file keeps beside its network, by the names of the file's modules, and why it is not needed. */
export interface LeftOut {
  name: string;
  tensors: number;
  why: string;
}

/** Weights as one network may have them: without the names of what is around it, and without what lies beside it. */
export interface View {
  weights: Weights;
  leftOut: readonly LeftOut[];
  normaliser?: Normaliser;
}

/** Mean and standard deviation of pixels in [0, 1], a number a channel. */
export interface Normaliser {
  mean: readonly number[];
  std: readonly number[];
  /** Where they are known from. */
  source: string;
}

type Tensors = ReadonlyMap<string, Tensor>;

/** Modules around a network are at most so many. */
const MAX_DEPTH = 6;
/** More numbers are no mean of colour channels. */
const MAX_CHANNELS = 4;

const countOf = ({ dims }: Tensor) => dims.reduce((a, d) => a * d, 1);
const isFloat = ({ type }: Tensor) => type.includes('float');
/** Weights of a layer have two axes at least. */
const isLayer = (tensor: Tensor) => isFloat(tensor) && tensor.dims.filter((d) => d > 1).length >= 2;

const MEAN = /(^|[._])(mean|mu)$/;
const STD = /(^|[._])(std|sigma)$/;
const isStatistic = (name: string, tensor: Tensor) =>
  (MEAN.test(name) || STD.test(name)) &&
  !name.includes('running_') &&
  isFloat(tensor) &&
  countOf(tensor) <= MAX_CHANNELS;

/** What comes before the first dot, dot included; the whole name where there is none. */
const headOf = (name: string) => name.slice(0, name.indexOf('.') + 1) || name;

function groupsOf(tensors: Tensors): Map<string, Map<string, Tensor>> {
  const groups = new Map<string, Map<string, Tensor>>();
  for (const [name, tensor] of tensors) {
    const head = headOf(name);
    const group = groups.get(head) ?? new Map<string, Tensor>();
    groups.set(head, group.set(name.slice(head.length), tensor));
  }
  return groups;
}

/** What no network computes with, wherever it lies: counters, masks and tables of metrics, and the input's statistics. */
function idle(tensors: Tensors, head: string): string | undefined {
  const list = [...tensors].map(([name, tensor]): [string, Tensor] => [head + name, tensor]);
  if (list.every(([, tensor]) => !isFloat(tensor))) return 'no floats';
  return list.every(([name, tensor]) => !isFloat(tensor) || isStatistic(name, tensor))
    ? 'the mean and std of an input'
    : undefined;
}

/**
 * What may lie beside a network without being a part of it: a module of vectors, as losses keep one for the classes.
 * A norm or a single number (a temperature) would change what the network computes.
 */
function beside(tensors: Tensors): string | undefined {
  const names = [...tensors.keys()];
  const own = names.every((name) => name !== '');
  const norm = names.some((name) => /(^|\.)(running_mean|bias)$/.test(name));
  const vectors = [...tensors.values()].every(
    (tensor) => !isFloat(tensor) || (!isLayer(tensor) && countOf(tensor) > 1),
  );
  return own && vectors && !norm ? 'no layers' : undefined;
}

const hasLayers = (tensors: Tensors) => [...tensors.values()].some(isLayer);

/** Means above 1 are of bytes. */
const BYTE = 255;

/** What the file keeps of its input's statistics, in units of pixels in [0, 1]. */
function statisticsIn(tensors: Tensors): Normaliser | undefined {
  const find = (pattern: RegExp) =>
    [...tensors].find(([name, tensor]) => pattern.test(name) && isStatistic(name, tensor));
  const [mean, std] = [find(MEAN), find(STD)];
  if (!mean || !std || countOf(mean[1]) !== countOf(std[1])) return undefined;
  const values = mapTuple([mean, std], ([, tensor]) => Array.from(asFloat32(tensor) ?? []));
  const unit = values[0].some((v) => Math.abs(v) > 2) ? BYTE : 1;
  // Seven digits: what was a short decimal before it became a float32 is one again.
  const [m, s] = mapTuple(values, (list) => list.map((v) => Number((v / unit).toPrecision(7))));
  const scaled = unit === 1 ? '' : ', divided by 255';
  return { mean: m, std: s, source: `"${mean[0]}" and "${std[0]}" of the file${scaled}` };
}

interface Step {
  tensors: Tensors;
  leftOut: LeftOut[];
  /** What was taken off every name. */
  prefix: string;
}

/** Without what is idle at this level. */
function trimmed(tensors: Tensors): Step {
  const leftOut: LeftOut[] = [];
  const kept = new Map(tensors);
  for (const [head, group] of groupsOf(tensors)) {
    const why = idle(group, head);
    if (!why) continue;
    leftOut.push({ name: head, tensors: group.size, why });
    for (const name of group.keys()) kept.delete(head + name);
  }
  return kept.size === 0 ? { tensors, leftOut: [], prefix: '' } : { tensors: kept, leftOut, prefix: '' };
}

/** One level down, where only one module has layers, or the others repeat its weights. Undefined where that is not so. */
function inner(tensors: Tensors): Step | undefined {
  const groups = [...groupsOf(tensors)];
  const layered = groups.filter(([head, group]) => head.endsWith('.') && hasLayers(group));
  const [first] = layered
    .map(([head, group]) => ({ head, group, core: coreOf(group) }))
    .toSorted((a, b) => a.core.prefix.length - b.core.prefix.length);
  if (!first) return undefined;
  const leftOut: LeftOut[] = [];
  for (const [head, group] of groups) {
    if (head === first.head) continue;
    const why = repeats(group, first.core.tensors) ?? beside(group);
    if (!why || (!head.endsWith('.') && hasLayers(group))) return undefined;
    leftOut.push({ name: head, tensors: group.size, why });
  }
  return { tensors: first.group, leftOut, prefix: first.head };
}

function coreOf(tensors: Tensors, depth = 0): Step {
  const here = trimmed(tensors);
  const next = depth < MAX_DEPTH ? inner(here.tensors) : undefined;
  if (!next) return here;
  const core = coreOf(next.tensors, depth + 1);
  return { ...core, prefix: next.prefix + core.prefix };
}

const bytesOf = ({ data }: Tensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** A wrapper that holds the network twice saves it twice: under other names, with the same numbers. */
function repeats(tensors: Tensors, network: Tensors): string | undefined {
  const same = ([name, tensor]: [string, Tensor]) => {
    const other = network.get(name);
    return (
      other?.type === tensor.type &&
      other.dims.join() === tensor.dims.join() &&
      bytesOf(other).equals(bytesOf(tensor))
    );
  };
  return hasLayers(tensors) && [...coreOf(tensors).tensors].every(same)
    ? 'the same weights again'
    : undefined;
}

/** Parts of a network in modules of their own (`backbone.conv1`, `head.fc`) under the names that they have there. */
function joined(tensors: Tensors): Tensors | undefined {
  const groups = [...groupsOf(tensors)];
  if (groups.length < 2) return undefined;
  const names = new Map<string, Tensor>();
  for (const [head, group] of groups) {
    const container = [...group.keys()].every((name) => name.includes('.'));
    for (const [name, tensor] of group) {
      const short = container ? name : head + name;
      if (names.has(short)) return undefined;
      names.set(short, tensor);
    }
  }
  return names;
}

function without(tensors: Tensors, ignore: readonly string[]): Tensors {
  if (ignore.length === 0) return tensors;
  return new Map([...tensors].filter(([name]) => !ignore.some((start) => name.startsWith(start))));
}

/**
 * The weights as they are called, then without what is around them, level by level, and last with their parts joined.
 * @param ignore beginnings of names, at any level, of what the network does not use
 * Errors: `model-invalid` for weights in parts that are not known.
 */
export function views(given: Weights, ignore: readonly string[] = []): View[] {
  const weights = putTogether({ ...given, tensors: without(given.tensors, ignore) });
  const normaliser = statisticsIn(weights.tensors);
  const list: View[] = [];
  const add = (tensors: Tensors, prefix: string, leftOut: readonly LeftOut[]) =>
    list.push({
      weights: { ...weights, tensors, versions: cut(weights.versions, prefix) },
      leftOut,
      normaliser,
    });
  let step: Step | undefined = { tensors: weights.tensors, leftOut: [], prefix: '' };
  let [prefix, leftOut]: [string, LeftOut[]] = ['', []];
  for (let depth = 0; step && depth < MAX_DEPTH; depth++) {
    prefix += step.prefix;
    const here = trimmed(without(step.tensors, ignore));
    leftOut = [...leftOut, ...step.leftOut, ...here.leftOut];
    add(here.tensors, prefix, leftOut);
    step = inner(here.tensors);
  }
  const parts = joined(list[list.length - 1]!.weights.tensors);
  if (parts) add(parts, prefix, leftOut);
  return list;
}

const cut = <T>(map: ReadonlyMap<string, T>, prefix: string) =>
  new Map(
    [...map].flatMap(([name, v]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), v] as const] : [],
    ),
  );

/** The weights under the shortest names that they have, for people. */
export function innermost(weights: Weights): Weights {
  const all = views(weights);
  const shortest = Math.min(...all.map((view) => view.weights.tensors.size));
  return all.find((view) => view.weights.tensors.size === shortest)?.weights ?? weights;
}

/**
 * Modules that could be the network, each with the beginnings of names that would have to be ignored for it. Empty
 * where nothing can be left out.
 */
export function modulesIn(weights: Weights): { weights: Weights; ignore: string[] }[] {
  const groups = [...groupsOf(weights.tensors)];
  return groups.flatMap(([head, tensors]) =>
    head.endsWith('.') && hasLayers(tensors) && groups.length > 1
      ? [
          {
            weights: { ...weights, tensors },
            ignore: groups.flatMap(([other]) => (other === head ? [] : [other])),
          },
        ]
      : [],
  );
}

/** What was left out, for people; undefined when nothing was. */
export function describeLeftOut(leftOut: readonly LeftOut[]): string | undefined {
  const one = ({ name, tensors, why }: LeftOut) =>
    `${name.slice(0, 80)}${name.endsWith('.') ? '*' : ''} (${tensors === 1 ? '' : `${tensors} tensors, `}${why})`;
  return leftOut.length > 0 ? leftOut.map(one).join(', ') : undefined;
}
