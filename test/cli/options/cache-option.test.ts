import { delimiter } from 'node:path';
import { expect, it } from 'vitest';
import { cachesOfEnvironment } from '../../../src/cli/options/cache-option.js';
import { folder } from '../../e2e/assay.js';

it('ASSAY_CACHE names folders, of which those count that are there, and stores', () => {
  const at = folder();
  const given = ['s3://bucket/a', at, 's3://bucket', '/is/not/there', ''];
  expect(cachesOfEnvironment(given.join(delimiter))).toEqual(['s3://bucket/a', at, 's3://bucket']);
  expect(cachesOfEnvironment('')).toEqual([]);
});
