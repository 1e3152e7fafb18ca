import { Document, isScalar, visit } from 'yaml';

/** Longer lists are written an item a line. */
const LINE = 100;

/** A configuration as YAML, with short lists of plain values on one line: `shape: [3, 32, 32]`. */
export function configText(config: unknown): string {
  const document = new Document(config ?? null);
  visit(document, {
    Seq(_, list) {
      const length = list.items.reduce<number>(
        (total, item) => total + (isScalar(item) ? String(item.value).length + 2 : LINE),
        0,
      );
      if (length < LINE) list.flow = true;
    },
  });
  return document.toString({ flowCollectionPadding: false, lineWidth: 0 });
}
