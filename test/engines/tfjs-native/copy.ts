import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { findNativePackage } from '../../../src/engines/tfjs-native/package.js';

/**
 * The compiled Assay with a native package of its own that has no addon, so that what happens to the addon there
 * disturbs no other test. Other packages are linked. Gone after the test.
 * @returns its folder
 */
export function assayCopy(nativePackage: string): string {
  const root = mkdtempSync(join(tmpdir(), 'assay-copy-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  cpSync('dist/src', join(root, 'dist/src'), { recursive: true });
  cpSync('package.json', join(root, 'package.json'));

  const [scope, name] = nativePackage.split('/') as [string, string];
  const link = (folder: string, except: string) => {
    mkdirSync(join(root, folder), { recursive: true });
    for (const entry of readdirSync(folder))
      if (entry !== except) symlinkSync(resolve(folder, entry), join(root, folder, entry));
  };
  link('node_modules', scope);
  link(`node_modules/${scope}`, name);
  const from = findNativePackage(nativePackage)?.folder ?? '';
  cpSync(from, join(root, 'node_modules', scope, name), {
    recursive: true,
    filter: (path) => path !== join(from, 'lib'),
  });
  return root;
}
