import { installShim } from './shim-install.js';

/** The classic script: `<script src="netplay-shim.js" data-auth-url="..." data-sfu-url="...">`. */
const { authUrl = location.origin, sfuUrl, identity } = document.currentScript?.dataset ?? {};
installShim(window, { authUrl, sfuUrl, identity });
