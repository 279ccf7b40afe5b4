export * from './errors.js';
export * from './netplay-socket.js';
