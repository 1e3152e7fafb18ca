import { Results } from '../suites/results.js';

/**
 * The JSON Schema (draft 2020-12) of `results.json`, as published in `reports/results.schema.json`. TypeBox
 * writes tuples as draft 7 did; they are rewritten as `prefixItems`.
 */
export function resultsSchema(): Record<string, unknown> {
  const schema: unknown = JSON.parse(JSON.stringify(Results));
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...modern(asRecord(schema)) };
}

function modern(schema: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => [key, visit(value)]);
  const result = Object.fromEntries(entries);
  if (!Array.isArray(result.items)) return result;
  const { items, additionalItems, ...rest } = result;
  return { ...rest, prefixItems: items, items: additionalItems ?? true };
}

function visit(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(visit);
  return typeof value === 'object' && value !== null ? modern(asRecord(value)) : value;
}

function asRecord(value: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value ?? {}));
}
