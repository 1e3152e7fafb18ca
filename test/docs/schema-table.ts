import type { TSchema } from '@sinclair/typebox';

/** Draft 2020-12 keywords that the tables print. */
interface Schema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minItems?: number;
  maxItems?: number;
}

/** A Markdown table of the keys of an object schema; keys of objects inside are written `outer.inner`. */
export function schemaTable(schema: TSchema): string {
  const rows = rowsOf(schema as Schema, '');
  if (rows.length === 0) return 'No options.\n';
  return ['| key | value | default | meaning |', '|---|---|---|---|', ...rows].join('\n').concat('\n');
}

function rowsOf({ properties = {}, required = [] }: Schema, prefix: string): string[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const name = `${prefix}${key}`;
    // An object, or one among other values.
    const inner = [schema, ...(schema.anyOf ?? [])].flatMap((s) => rowsOf(s, `${name}.`));
    const preset = schema.default !== undefined && !schema.properties ? `\`${shown(schema.default)}\`` : '';
    const given = preset || (required.includes(key) && !schema.properties ? 'required' : '');
    return [
      `| \`${name}\` | ${cell(valuesOf(schema))} | ${cell(given)} | ${cell(schema.description ?? '')} |`,
      ...inner,
    ];
  });
}

const shown = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value).replaceAll(',', ', ');
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** What a value may be, in words. */
function valuesOf(schema: Schema): string {
  const choices = [
    ...(schema.enum ?? []),
    ...(schema.anyOf ?? []).flatMap((s) => ('const' in s ? [s.const] : [])),
  ];
  const others = (schema.anyOf ?? []).filter((s) => !('const' in s)).map(valuesOf);
  if (choices.length + others.length > 0)
    return [...choices.map((c) => `\`${shown(c)}\``), ...others].join(', ');
  if ('const' in schema) return `\`${shown(schema.const)}\``;
  if (schema.type === 'array') {
    const fixed =
      schema.minItems !== undefined && schema.minItems === schema.maxItems ? `${schema.minItems} x ` : '';
    return `list of ${fixed}${valuesOf(schema.items ?? {})}`;
  }
  return [schema.type ?? 'any', bounds(schema)].filter(Boolean).join(' ');
}

function bounds({ minimum, maximum, exclusiveMinimum }: Schema): string {
  const low = minimum ?? exclusiveMinimum;
  if (low !== undefined && maximum !== undefined) return `from ${low} to ${maximum}`;
  if (minimum !== undefined) return `≥ ${minimum}`;
  if (exclusiveMinimum !== undefined) return `> ${exclusiveMinimum}`;
  return maximum !== undefined ? `≤ ${maximum}` : '';
}
