import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { addonSources, nodeApiHeaders } from 'tfjs-addon-builder/sources.js';
import { describe, expect, it } from 'vitest';
import { findNativePackage, nativePackages } from '../../../src/engines/tfjs-native/package.js';
import { folderWith } from '../../engines/tfjs-native/folders.js';

const native = nativePackages.flatMap((name) => findNativePackage(name) ?? []);
if (native.length === 0) console.warn('\n!!! no native TensorFlow.js package is installed: NOT tested !!!\n');

describe('what the addon is compiled from', () => {
  it.each(native)('the sources that $name ships', (one) => {
    for (const source of addonSources(one)) expect(existsSync(source), source).toBe(true);
  });

  it('is missed where a package has lost it', () => {
    const folder = folderWith(['binding/tfjs_backend.cc']);
    expect(() => addonSources({ name: 'some-package', folder })).toThrow(
      expect.objectContaining({
        fault: 'cannot-build',
        details: {
          expected: join(folder, 'binding', 'tfjs_binding.cc'),
          hint: expect.stringContaining('npm install --ignore-scripts some-package'),
        },
      }),
    );
  });

  it('headers that are installed', () => {
    for (const header of ['node_api.h', 'js_native_api.h'])
      expect(existsSync(join(nodeApiHeaders(), header))).toBe(true);
  });
});
