import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AssayError } from '../errors.js';

/**
 * The compiled file of a module below this folder. Under vitest this module is the TypeScript source, while threads
 * and processes need JavaScript.
 * @param what for messages
 * Errors: `engine-failed` when it was not built.
 */
export function compiledFile(module: string, what: string): string {
  const here = import.meta.url;
  const base = here.endsWith('.ts') ? new URL('../../dist/src/engines/', here) : here;
  const file = fileURLToPath(new URL(module, base));
  if (existsSync(file)) return file;
  throw new AssayError('engine-failed', `${what} is not built`, { file, hint: 'run `npm run build`' });
}
