/**
 * Compares the results.json of two run folders: everything that it says, but for times, keys and versions.
 *
 *     node dist/test/compare-results.js BEFORE AFTER [--rename OLD=NEW ...]
 *
 * Every difference is a line; the exit code is 1 when there are any. --rename NAME=NAME lets a field, or a value that
 * is a name, be called otherwise after a change.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** Fields that may differ, wherever they stand. */
const FREE = new Set(['$schema', 'created', 'seconds', 'key', 'digest', 'identity', 'environment']);

/** What an entry of a list is told by, in this order; a list of anything else is compared by position. */
const NAMES = ['suite', 'measure', 'measurement', 'model', 'dataset', 'params', 'code', 'id', 'name', 'what'];

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON with sorted keys. */
const text = (value: unknown): string =>
  JSON.stringify(value, (_, inner) =>
    isFields(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  ) ?? 'nothing';

/** The entries of a list by what tells them apart; those that share it are counted. */
function entriesOf(list: readonly unknown[]): Map<string, unknown> {
  const entries = new Map<string, unknown>();
  for (const [at, entry] of list.entries()) {
    const own = isFields(entry) ? NAMES.filter((name) => name in entry) : [];
    const label = isFields(entry)
      ? own.map((name) => (typeof entry[name] === 'string' ? entry[name] : text(entry[name]))).join(' ')
      : '';
    let name = own.length > 0 ? label : String(at);
    for (let twin = 2; entries.has(name); twin++) name = `${label || at} #${twin}`;
    entries.set(name, entry);
  }
  return entries;
}

/** Every difference between two values, as lines with its place. */
export function differences(before: unknown, after: unknown, place = ''): string[] {
  if (Array.isArray(before) && Array.isArray(after)) {
    const [own, other] = [entriesOf(before), entriesOf(after)];
    const order = [...own.keys()].filter((name) => other.has(name));
    const otherOrder = [...other.keys()].filter((name) => own.has(name));
    return [
      ...among(own, other, (name) => `${place}[${name}]`),
      ...(order.join('\n') === otherOrder.join('\n') ? [] : [`${place}: the same entries in another order`]),
    ];
  }
  if (isFields(before) && isFields(after))
    return among(fieldsOf(before), fieldsOf(after), (name) => (place ? `${place}.${name}` : name));
  if (Object.is(before, after)) return [];
  return [`${place}: ${shown(before)} became ${shown(after)}${relative(before, after)}`];
}

const fieldsOf = (value: Fields) => new Map(Object.entries(value).filter(([name]) => !FREE.has(name)));

function among(
  own: Map<string, unknown>,
  other: Map<string, unknown>,
  at: (name: string) => string,
): string[] {
  return [...new Set([...own.keys(), ...other.keys()])].flatMap((name) => {
    if (!other.has(name)) return [`${at(name)}: gone, was ${shown(own.get(name))}`];
    if (!own.has(name)) return [`${at(name)}: new, ${shown(other.get(name))}`];
    return differences(own.get(name), other.get(name), at(name));
  });
}

const shown = (value: unknown): string => {
  const whole = text(value);
  return whole.length > 120 ? `${whole.slice(0, 117)}...` : whole;
};

function relative(before: unknown, after: unknown): string {
  if (typeof before !== 'number' || typeof after !== 'number') return '';
  return ` (by ${(Math.abs(after - before) / Math.max(Math.abs(before), Math.abs(after))).toExponential(1)})`;
}

/** The value with keys, and texts that are just that name, called by their new names. */
function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return names.get(value) ?? value;
  if (Array.isArray(value)) return value.map((entry) => renamed(entry, names));
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [names.get(key) ?? key, renamed(inner, names)]),
  );
}

/** The differences between two run folders. @param renames `OLD=NEW` */
export function compareFolders(before: string, after: string, renames: readonly string[] = []): string[] {
  const [own, other] = [before, after].map((folder) =>
    JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')),
  );
  const names = new Map(renames.map((one) => one.split('=') as [string, string]));
  return differences(renamed(own, names), other);
}

if (import.meta.filename === process.argv[1]) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rename: { type: 'string', multiple: true } },
  });
  if (positionals.length !== 2) throw new Error('usage: compare-results BEFORE AFTER [--rename OLD=NEW ...]');
  const lines = compareFolders(positionals[0]!, positionals[1]!, values.rename);
  for (const line of lines) console.log(line);
  console.log(lines.length === 0 ? 'equal' : `${lines.length} differences`);
  process.exitCode = lines.length === 0 ? 0 : 1;
}
