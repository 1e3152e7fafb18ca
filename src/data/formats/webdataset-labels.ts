import { type ByteSource, malformed } from '../../bytes/byte-source.js';
import { limits } from '../../bytes/limits.js';
import { AssayError } from '../../errors.js';
import type { DatasetSpec } from '../spec.js';

/** Where the label of an example stands. */
export interface LabelPlace {
  /** Of the member. */
  extension: string;
  /** In a JSON object, and in those inside of it. */
  field?: readonly string[];
}

/** Members of an example by their extensions. */
export type Members<T> = ReadonlyMap<string, T>;

/**
 * Where labels stand, as the first example shows: what `labels` says, or the member `.cls`. An OOD set needs none.
 * Errors: `data-invalid` where `.json` members may have them and nothing says which field.
 */
export async function labelPlace<T>(
  members: Members<T>,
  { labels, role, path }: DatasetSpec,
  read: (member: T) => ByteSource,
): Promise<LabelPlace | undefined> {
  if (labels === false) return undefined;
  if (labels !== undefined) {
    const [, extension, field] = /^((?:.*\.)?json)\.(.+)$/.exec(labels) ?? [];
    return extension === undefined || field === undefined
      ? { extension: labels }
      : { extension, field: field.split('.') };
  }
  if (members.has('cls')) return { extension: 'cls' };
  const json = members.get('json');
  if (json === undefined || role === 'ood' || role === 'validation-ood') return undefined;
  const value = (await readJson(read(json))) ?? {};
  const fields = Object.entries(value).flatMap(([key, one]) => (Number.isInteger(one) ? [key] : []));
  throw new AssayError('data-invalid', 'which field of the .json members is the label is not said', {
    file: path,
    path: 'labels',
    expected: 'a member .cls, or the name of a field',
    found: fields.length > 0 ? `whole numbers in ${fields.join(', ')}` : 'no whole number in the first one',
    hint: `say \`labels: json.${fields[0] ?? 'FIELD'}\`, or \`labels: false\``,
  });
}

/** The label in a member. Errors: `data-invalid`, `file-malformed`. */
export async function readLabel(source: ByteSource, { extension, field }: LabelPlace): Promise<number> {
  const value = field ? inside(await readJson(source), field) : await readNumber(source);
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 24) return value;
  throw new AssayError('data-invalid', 'a label is not a class number', {
    ...source.place,
    expected: field ? `a whole number from 0 in ${field.join('.')}` : 'a whole number from 0, as text',
    found: value === undefined ? 'nothing' : String(JSON.stringify(value)).slice(0, 80),
    hint: field
      ? 'name the field with the number of the class: `labels: json.FIELD`'
      : `write class numbers into .${extension}, or name a field of .json members: \`labels: json.FIELD\``,
  });
}

/** A number as text has some digits. */
async function readNumber(source: ByteSource): Promise<number | string> {
  const text = Buffer.from(await source.read(0, Math.min(32, source.size)))
    .toString('utf8')
    .trim();
  return source.size <= 32 && /^-?\d+$/.test(text) ? Number(text) : text;
}

async function readJson(source: ByteSource): Promise<unknown> {
  const { value, of, instead } = limits.exampleJson;
  if (source.size > value)
    throw malformed(source.place, 'the member is too large', {
      expected: `at most ${value} ${of}`,
      found: `${source.size} bytes`,
      hint: instead,
    });
  try {
    return JSON.parse(Buffer.from(await source.read(0, source.size)).toString('utf8'));
  } catch (cause) {
    if (cause instanceof AssayError) throw cause;
    throw malformed(source.place, 'this is not JSON', {
      found: (cause as Error).message.slice(0, 120),
      cause,
    });
  }
}

const inside = (value: unknown, path: readonly string[]): unknown => {
  const [key, ...rest] = path as readonly [string, ...string[]];
  const field =
    typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? (value as Record<string, unknown>)[key]
      : undefined;
  return rest.length === 0 ? field : inside(field, rest);
};
