import { readConfigFile } from '../config/read-file.js';
import { check } from '../config/validate.js';
import { checkRules, refuseNone } from './check-rules.js';
import { type GateRule, GateRules } from './rule.js';

/** Reads the gates of a file, which may be a run file. Errors: `file-unreadable`, `config-invalid`. */
export async function readRules(file: string): Promise<GateRule[]> {
  const { gates } = check(GateRules, await readConfigFile(file), { file, what: 'gates file' });
  refuseNone(gates, file);
  checkRules(gates, file);
  return gates;
}
