import { Option } from 'commander';
import { confineTo } from '../../bytes/confine.js';

/** For run files and cards from elsewhere: takes effect as soon as it is read, before any file is opened. */
export const confine = () =>
  new Option(
    '--confine <dir>',
    'read nothing outside this folder, not even through links; for cards and run files from elsewhere',
  ).argParser((folder: string) => {
    confineTo(folder);
    return folder;
  });
