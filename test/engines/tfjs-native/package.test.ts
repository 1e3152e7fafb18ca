import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import { describe, expect, it } from 'vitest';
import { requireNativePackage, setNativeEnvironment } from '../../../src/engines/tfjs-native/load.js';
import { findNativePackage, nativePackages } from '../../../src/engines/tfjs-native/package.js';

const require = createRequire(import.meta.url);
const native = nativePackages.flatMap((name) => findNativePackage(name) ?? []);
if (native.length === 0) console.warn('\n!!! no native TensorFlow.js package is installed: NOT tested !!!\n');

describe('native packages', () => {
  it.each(native)('$name looks for its addon where we put it', (found) => {
    // The package itself asks this library.
    const finder: { find(manifest: string): string } = require('@mapbox/node-pre-gyp');
    expect(found.addon).toBe(finder.find(join(found.folder, 'package.json')));
  });

  it('that are not installed are not found', () => {
    expect(findNativePackage('@tensorflow/tfjs-nowhere')).toBeUndefined();
  });
});

describe('loading', () => {
  it('brings back what newer Nodes dropped, and throws what the package throws', () => {
    expect(() => requireNativePackage('@tensorflow/tfjs-nowhere')).toThrow(/Cannot find module/);
    const old: { isNullOrUndefined?(value: unknown): boolean } = util;
    expect([null, undefined, 0, '', false].map((value) => old.isNullOrUndefined?.(value))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('keeps what the user has set in the environment', () => {
    const variables = ['NVIDIA_TF32_OVERRIDE', 'TF_CPP_MIN_LOG_LEVEL', 'TF_FORCE_GPU_ALLOW_GROWTH'];
    const before = variables.map((variable) => process.env[variable]);
    try {
      for (const variable of variables) delete process.env[variable];
      process.env.TF_CPP_MIN_LOG_LEVEL = '0';
      setNativeEnvironment();
      expect(variables.map((variable) => process.env[variable])).toEqual(['0', '0', 'true']);
    } finally {
      variables.forEach((variable, i) => {
        delete process.env[variable];
        if (before[i] !== undefined) process.env[variable] = before[i];
      });
    }
  });
});
