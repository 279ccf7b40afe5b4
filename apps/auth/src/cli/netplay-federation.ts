#!/usr/bin/env node
import { runCommand } from './command.js';
import { netplayFederation } from './federation-command.js';

await runCommand(netplayFederation);
