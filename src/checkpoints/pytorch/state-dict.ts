import { AssayError, didYouMean } from '../../errors.js';
import { StoredTensor, UnreadableTensor } from './tensor.js';
import { Dict, kindOf, Tuple } from './values.js';

/** Tensors by name, found somewhere in a file. */
export interface StateDict {
  /** Keys on the way to it, joined by dots; '' for the root. */
  path: string;
  dict: Dict;
}

/** Keys under which weights are saved, best first: the trained weights before their running averages. */
const PLACES = [
  'model_state_dict',
  'state_dict',
  'model_state',
  'net_state_dict',
  'model',
  'net',
  'network',
  'module',
  'weights',
  'params',
  'classifier',
  'ema',
  'model_ema',
  'ema_state_dict',
  'state_dict_ema',
  'ema_model',
];

/** Tensors of an optimiser have numbers or its own words for names. */
const NOT_WEIGHTS = /optim|sched|scaler|momentum|grad|rng|swa_n/i;
/** `{ checkpoint: { model: { module: {...} } } }` is as deep as people go. */
const MAX_DEPTH = 4;
/** Of a dict of thousands of entries none is a folder of weights. */
const MAX_DICTS = 10_000;

export const isTensor = (value: unknown): value is StoredTensor | UnreadableTensor =>
  value instanceof StoredTensor || value instanceof UnreadableTensor;

/** Names are looked at again and again: longer ones are none that a network has. */
const MAX_NAME = 1000;

export const isName = (name: unknown): name is string => typeof name === 'string' && name.length <= MAX_NAME;

function holdsWeights(dict: Dict): boolean {
  for (const [name, value] of dict.entries())
    if (isTensor(value) && isName(name) && /(^|\.)(weight|bias|running_mean)$/.test(name)) return true;
  return false;
}

const holdsTensors = (root: unknown): boolean =>
  isTensor(root) || [...entriesOf(root)].some(([, value]) => isTensor(value));

/** Of a longer list the rest are no models. */
const MAX_LIST = 1000;

/** What a dict or list holds, by name or number. */
function* entriesOf(value: unknown): Iterable<[string, unknown]> {
  if (value instanceof Dict) {
    for (const [key, inner] of value.entries())
      if (typeof key === 'string' && key.length <= 100 && !NOT_WEIGHTS.test(key)) yield [key, inner];
  }
  const list = value instanceof Tuple ? value.items : value;
  if (Array.isArray(list)) for (const [i, inner] of list.slice(0, MAX_LIST).entries()) yield [`${i}`, inner];
}

const isFolder = (value: unknown): value is object =>
  value instanceof Dict || value instanceof Tuple || Array.isArray(value);

/** All dicts of weights that are reachable by names and places in lists, each once, nearest first. */
function candidates(root: unknown): StateDict[] {
  const dicts: StateDict[] = [];
  const seen = new Set<unknown>([root]);
  let level: { path: string; value: unknown }[] = [{ path: '', value: root }];
  for (let depth = 0; depth <= MAX_DEPTH && seen.size < MAX_DICTS; depth++) {
    const next: typeof level = [];
    for (const { path, value } of level) {
      if (value instanceof Dict && holdsWeights(value)) dicts.push({ path, dict: value });
      for (const [key, inner] of entriesOf(value)) {
        if (!isFolder(inner) || seen.has(inner) || seen.size >= MAX_DICTS) continue;
        seen.add(inner);
        next.push({ path: path ? `${path}.${key}` : key, value: inner });
      }
    }
    level = next;
  }
  return dicts;
}

function rank({ path }: StateDict): number {
  if (path === '') return -1;
  const places = path.split('.').map((key) => PLACES.indexOf(key));
  const known = places.filter((place) => place >= 0);
  return known.length === 0 ? PLACES.length : Math.max(...known) + (places.length - 1) / 10;
}

const levels = ({ path }: StateDict) => path.split('.').length;

/** What a file holds, for the error that it holds no weights. */
function contents(root: unknown): string {
  const list = root instanceof Tuple ? root.items : root;
  if (Array.isArray(list))
    return `${kindOf(root)} of ${list.length}: ${list.slice(0, 6).map(kindOf).join(', ')}${list.length > 6 ? ', ...' : ''}`;
  if (!(root instanceof Dict)) return kindOf(root);
  const keys = [...root.entries()]
    .slice(0, 12)
    .map(([key, value]) => `${typeof key === 'string' ? key.slice(0, 60) : kindOf(key)} (${kindOf(value)})`);
  return keys.length === 0 ? 'an empty dict' : `a dict of ${keys.join(', ')}${root.size > 12 ? ', ...' : ''}`;
}

/**
 * Finds the weights in what a file holds.
 * @param named a place that the card names
 * @returns the weights, the places of others, and which of these are as likely as the chosen: several models of
 * a list, or under names that say nothing
 * Errors: `file-malformed` when there are none; `unknown-name` for a place that is not there.
 */
export function findStateDict(
  root: unknown,
  file: string,
  named?: string,
): { chosen: StateDict; others: string[]; equals: string[] } {
  const dicts = candidates(root).sort((a, b) => rank(a) - rank(b));
  if (dicts.length === 0)
    throw new AssayError('file-malformed', 'the file holds no weights', {
      file,
      expected: 'tensors by name (a state dict), at the root or under a key such as state_dict',
      found: contents(root),
      hint: `in Python: torch.save(model.state_dict(), FILE)${holdsTensors(root) ? '; images and labels go under `datasets` of the run file, as they are: { path: FILE }' : ''}`,
    });
  const paths = dicts.map(({ path }) => path);
  const at = named === undefined ? 0 : paths.indexOf(named);
  if (at >= 0) {
    const equal = (one: StateDict) => rank(one) === rank(dicts[0]!) && levels(one) === levels(dicts[0]!);
    return {
      chosen: dicts[at]!,
      others: paths.filter((_, i) => i !== at),
      equals:
        named === undefined
          ? dicts
              .slice(1)
              .filter(equal)
              .map(({ path }) => path)
          : [],
    };
  }
  const guess = didYouMean(named ?? '', paths);
  throw new AssayError('unknown-name', `the file holds no weights under "${named}"`, {
    file,
    expected: `one of ${paths.map((p) => p || '(the root)').join(', ')}`,
    hint: guess ? `did you mean "${guess}"?` : 'correct or drop architecture.stateDict',
  });
}

/** `_metadata` of a state dict: versions of the modules' classes. */
export function versionsOf({ dict }: StateDict): Map<string, number> {
  const versions = new Map<string, number>();
  const metadata = dict.attributes instanceof Dict ? dict.attributes.get('_metadata') : undefined;
  if (!(metadata instanceof Dict)) return versions;
  for (const [name, facts] of metadata.entries()) {
    const version = facts instanceof Dict ? facts.get('version') : undefined;
    if (typeof name === 'string' && typeof version === 'number') versions.set(name, version);
  }
  return versions;
}
