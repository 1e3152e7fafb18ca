import { AssayError } from '../../errors.js';
import type { TableSpec } from './spec.js';

/**
 * What a schema cannot say. Errors: `config-invalid` where a column is of a measure and of a fact or of neither, and
 * where two tables have one name.
 */
export function checkTables(tables: readonly TableSpec[], file: string): void {
  for (const [t, { id, columns }] of tables.entries()) {
    if (tables.findIndex((table) => table.id === id) < t) {
      throw new AssayError('config-invalid', 'two tables have the same id, which names their files', {
        file,
        path: `tables[${t}].id`,
        found: `"${id}" again`,
        hint: 'give one of them another',
      });
    }
    for (const [c, { measure, fact }] of columns.entries()) {
      if ((measure === undefined) !== (fact === undefined)) continue;
      throw new AssayError('config-invalid', 'a column is of a measure or of a fact', {
        file,
        path: `tables[${t}].columns[${c}]`,
        found: measure === undefined ? 'neither' : 'both',
        hint: 'give `measure`, such as accuracy, or `fact`, whose values are in `facts` of the table',
      });
    }
  }
}
