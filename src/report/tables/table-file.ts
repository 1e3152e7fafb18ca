import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { readText } from '../../bytes/regular-file.js';
import { readConfigFile } from '../../config/read-file.js';
import { check } from '../../config/validate.js';
import { unknownName } from '../../errors.js';
import { installedFolder } from '../templates.js';
import { checkTables } from './check-tables.js';
import { TableFile } from './spec.js';

/** Tables and the file they are described in. */
export interface NamedTables {
  tables: TableFile['tables'];
  file: string;
}

const folder = () => path.join(installedFolder(), 'tables');
const presetFile = (name: string) => path.join(folder(), `${name}.yaml`);

/** The presets, which are such files of ours. */
export const presetNames = (): string[] =>
  readdirSync(folder())
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => path.basename(name, '.yaml'))
    .sort();

/** Whether a name is that of a preset, rather than of a file. */
export const isPreset = (name: string): boolean => presetNames().includes(name);

/** The text of a preset, to start from. Errors: `unknown-name`. */
export function presetText(name: string): Promise<string> {
  if (!isPreset(name)) throw unknownName('preset', name, presetNames());
  return readText(presetFile(name), 'configuration');
}

/** Reads a preset by its name, or a file of tables. Errors: `unknown-name`, `file-unreadable`, `config-invalid`. */
export async function readTables(name: string): Promise<NamedTables> {
  const preset = isPreset(name);
  if (!preset && !/[./\\]/.test(name) && !existsSync(name)) {
    throw unknownName('preset', name, presetNames(), {
      hint: 'name a preset, or a file of your own: `assay table --print-preset jem > mine.yaml` writes one to start from',
    });
  }
  const file = preset ? presetFile(name) : name;
  const { tables } = check(TableFile, await readConfigFile(file), { file, what: 'file of tables' });
  checkTables(tables, file);
  return { tables, file };
}
