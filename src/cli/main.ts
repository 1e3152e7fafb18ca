#!/usr/bin/env node
import { guardExitCode } from './exit-code.js';
import { obey } from './program.js';

const done = guardExitCode();
await obey(process.argv.slice(2));
done();
