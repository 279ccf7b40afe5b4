#!/usr/bin/env node
import { runCommand } from './command.js';
import { netplayKeys } from './keys-command.js';

await runCommand(netplayKeys);
