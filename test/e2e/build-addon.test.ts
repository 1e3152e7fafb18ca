import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findNativePackage, nativePackages } from '../../src/engines/tfjs-native/package.js';
import { assay, folder } from './assay.js';

const installed = nativePackages.some((name) => findNativePackage(name));
if (!installed)
  console.warn('\n!!! no native TensorFlow.js package is installed: building is NOT tested !!!\n');

// That it builds is shown by the long tests, which have a TensorFlow to build with.
describe.skipIf(!installed)('assay build-addon', () => {
  const refused: [string, (place: string) => string[], RegExp][] = [
    [
      'no folder',
      () => ['nowhere'],
      /error\[file-unreadable\]: there is no such folder.*nowhere.*pip install/s,
    ],
    [
      'a folder without TensorFlow',
      () => ['.'],
      /holds no TensorFlow to build with.*expected libtensorflow_cc.*found +neither.*pip install tensorflow/s,
    ],
    [
      'a link to nothing',
      (place) => {
        symlinkSync(join(place, 'gone'), join(place, 'link'));
        return ['link'];
      },
      /there is no such folder/,
    ],
  ];
  it.each(refused)('refuses %s with 2, and says what to do', async (_, args, says) => {
    const place = folder();
    expect(await assay(['build-addon', ...args(place)], place)).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/^package +@tensorflow\/tfjs-node/),
      stderr: expect.stringMatching(says),
    });
  });
});
