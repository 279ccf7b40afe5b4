#!/usr/bin/env node
import { runCommand } from './command.js';
import { netplayUsers } from './users-command.js';

await runCommand(netplayUsers);
