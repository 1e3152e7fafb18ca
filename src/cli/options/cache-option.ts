import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { Option } from 'commander';
import { isS3 } from '../../runs/s3/address.js';

/** `--cache DIR`, which may be repeated. */
export const cacheOption = (): Option =>
  new Option(
    '--cache <dir>',
    `use what is measured in another run folder, in a folder of run folders, or in s3://BUCKET/PREFIX; repeat it for several, or list them in ASSAY_CACHE with "${delimiter}" in between`,
  ).argParser((value: string, before: string[] = []) => [...before, value]);

/** The stores of the variable ASSAY_CACHE, and the folders of it that are there: it may be set before anything was run. */
export const cachesOfEnvironment = (value = process.env.ASSAY_CACHE): string[] =>
  (value ?? '').split(BETWEEN).filter((place) => place !== '' && (isS3(place) || existsSync(place)));

/** What parts places. The colon of `s3://` does not. */
const BETWEEN = delimiter === ':' ? /:(?!\/\/)/ : delimiter;
