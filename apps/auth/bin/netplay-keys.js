#!/usr/bin/env node
// Committed, unlike what it loads: at install time there is something to link to.
import '../dist/cli/netplay-keys.js';
