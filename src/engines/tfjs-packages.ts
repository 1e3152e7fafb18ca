import { createRequire } from 'node:module';
import { AssayError } from '../errors.js';

/**
 * What the engine tfjs is made of: optional peers of this package, since most runs use ort alone and these take as much
 * room as all the rest.
 */
const PACKAGES = ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'];

/** What puts them where Assay finds them. */
export const INSTALL_TFJS = `npm install ${PACKAGES.map((name) => `${name}@4.22`).join(' ')}`;

const { resolve } = createRequire(import.meta.url);

const isInstalled = (name: string): boolean => {
  try {
    return resolve(`${name}/package.json`) !== '';
  } catch {
    return false;
  }
};

/** Errors: `engine-failed` where one of the packages is absent, with the command that installs them. */
export function requireTfjs(): void {
  const missing = PACKAGES.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  throw new AssayError('engine-failed', 'the engine tfjs is not installed', {
    expected: `the packages ${PACKAGES.join(' and ')}, which Assay does not install by itself`,
    found: `no ${missing.join(', no ')}`,
    hint: `\`${INSTALL_TFJS}\` where Assay is installed, with \`-g\` if that is for all projects; or use the engine ort`,
  });
}
