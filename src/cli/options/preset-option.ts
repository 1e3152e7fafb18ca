import { Option } from 'commander';

/** Names alone: what writes them is loaded when one is asked for, and `unknown-name` lists them. */
export const presetOption = () =>
  new Option(
    '--preset <name>',
    'a whole protocol for one checkpoint and a folder of data (--data): jem, that of the JEM paper',
  );
