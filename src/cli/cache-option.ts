import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { Option } from 'commander';

/** `--cache DIR`, which may be repeated. */
export const cacheOption = (): Option =>
  new Option(
    '--cache <dir>',
    `use what is measured in another run folder, or in a folder of run folders; repeat it for several, or list them in ASSAY_CACHE with "${delimiter}" in between`,
  ).argParser((value: string, before: string[] = []) => [...before, value]);

/** The folders of the variable ASSAY_CACHE that are there: it may be set before anything was run. */
export const cachesOfEnvironment = (value = process.env.ASSAY_CACHE): string[] =>
  (value ?? '').split(delimiter).filter((folder) => folder !== '' && existsSync(folder));
