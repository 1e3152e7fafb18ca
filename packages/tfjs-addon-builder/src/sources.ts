import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BuildError } from './build-error.js';

const { resolve } = createRequire(import.meta.url);

/** The addon's C++ sources, as its package ships them. Errors: `cannot-build` where they are gone. */
export function addonSources({ name, folder }: { name: string; folder: string }): string[] {
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(folder, 'binding', file));
  const missing = sources.find((source) => !existsSync(source));
  if (missing === undefined) return sources;
  throw new BuildError('cannot-build', `${name} has lost its sources`, {
    expected: missing,
    hint: `install it again: \`npm install --ignore-scripts ${name}\``,
  });
}

/** The folder of Node-API's headers, which are the same for every Node. Errors: `cannot-build`. */
export function nodeApiHeaders(): string {
  try {
    return join(dirname(resolve('node-api-headers/package.json')), 'include');
  } catch (cause) {
    throw new BuildError('cannot-build', 'the headers of Node-API are not installed', {
      hint: '`npm install node-api-headers`',
      cause,
    });
  }
}
