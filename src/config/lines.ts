import { isAlias, isNode, isSeq } from 'yaml';
import { readDocument } from './read-file.js';

/** A value of a list in a configuration, and the line that it begins on, from 1. */
export interface Placed {
  value: unknown;
  line: number;
}

/**
 * What the list under a key of a YAML or JSON file holds, and where; nothing where there is no such list.
 * Errors: those of `readConfigFile`.
 */
export async function placedItems(file: string, key: string): Promise<Placed[]> {
  const { document, lines } = await readDocument(file);
  const node = document.get(key, true);
  const list = isAlias(node) ? node.resolve(document) : node;
  if (!isSeq(list)) return [];
  return list.items.flatMap((item) =>
    isNode(item) && item.range
      ? [{ value: item.toJS(document, { maxAliasCount: 100 }), line: lines.linePos(item.range[0]).line }]
      : [],
  );
}
