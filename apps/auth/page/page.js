/** A page to try netplay with, and an example of the SDK: docs/CLIENT.md. */
import { configuration, NO_NODE, nodeAnswers } from './configuration.js';
import { askConsent, instanceItem } from './elsewhere.js';
import { createFederatedClient } from './netplay-federation.js';
import { attempt, notice, onClick, onSubmit } from './notice.js';
import { forgetPlace, rememberPlace } from './place.js';
import { leaveRoom, showRoom } from './room.js';
import { roomRow } from './rooms.js';
import { sentenceOf } from './sentences.js';

const $ = (selector) => document.querySelector(selector);
const show = (id) => {
  for (const section of ['sign-in', 'lobby', 'room']) $(`#${section}`).hidden = section !== id;
};

notice();
/** The page is below the address of auth, wherever a proxy puts that. */
const authUrl = new URL('..', location.href).href.replace(/\/$/, '');
const { sfuUrl, identityProviders, rommUrl } = await configuration();

/** Made-up players are one a tab, so that two tabs can play with each other. */
const madeUpId = () => sessionStorage.getItem('made-up-player');
let netplay = createClient();

function createClient() {
  const id = madeUpId();
  const client = createFederatedClient({ authUrl, sfuUrl, identity: id ? () => `Bearer ${id}` : 'session' });
  client.on('player-changed', (player) => void enter(player));
  return client;
}

// ---- signing in

function offerSignIn() {
  $('#who').hidden = true;
  $('#as-made-up').hidden = !identityProviders.includes('dev');
  $('#with-account').hidden = !identityProviders.includes('local');
  $('#with-romm').hidden = !identityProviders.includes('romm');
  show('sign-in');
}

async function enter(player) {
  if (player === undefined) {
    forgetPlace();
    offerSignIn();
    notice('You are signed out.');
    return;
  }
  $('#who').hidden = false;
  $('#who span').textContent = player.netplay_username;
  show('lobby');
  notice();
  await listRooms();
}

async function signInWithRomm() {
  try {
    await netplay.signIn();
  } catch (error) {
    if (error.code === 'not_signed_in') sendToRomm('You are not signed in to RomM in this browser.');
    else if (error.code === 'kiosk_visitor') sendToRomm('RomM shows you around as a visitor.');
    else throw error;
  }
}

function sendToRomm(why) {
  const link = document.createElement('a');
  link.textContent = 'Open RomM';
  // Beside this page, which is where to come back to.
  Object.assign(link, { href: rommUrl, target: '_blank', rel: 'noopener' });
  notice(`${why} `, rommUrl === null ? link.textContent : link, ', sign in, and come back.');
}

onClick($('#made-up'), async () => {
  sessionStorage.setItem('made-up-player', crypto.randomUUID());
  await netplay.close();
  netplay = createClient();
  await netplay.restore();
});
onSubmit($('#with-account'), async ({ username, password }, form) => {
  await netplay.signIn({ username, password });
  form.reset();
});
onClick($('#romm'), signInWithRomm);
onClick($('#sign-out'), async () => {
  await leaveRoom();
  if (madeUpId()) {
    sessionStorage.removeItem('made-up-player');
    await netplay.close();
    netplay = createClient();
    await enter(undefined);
  } else {
    await netplay.signOut().catch((error) => {
      if (!error.retryable) throw error;
      notice('You are signed out here. The server does not answer; it is told as soon as it does.');
    });
  }
});

// ---- the list of rooms

const REFRESH_MS = 5_000;
const NO_ROOMS = 'No rooms yet. Open one: your friends find it here.';
/** What is shown; undefined: nothing that could stay. */
let listed;
/** The list that is on its way: another one would say the same. */
let listing;

/** Shows the rooms, or why they are not known; fails with nothing. */
function listRooms() {
  listing ??= refreshList()
    .catch((error) => {
      listed = undefined;
      $('#rooms-line').textContent = sentenceOf(error);
    })
    .finally(() => {
      listing = undefined;
    });
  return listing;
}

async function refreshList() {
  const [{ rooms, foreignRooms, instances }, visitable, answers] = await Promise.all([
    netplay.federatedRooms(),
    netplay.instances(),
    nodeAnswers(sfuUrl),
  ]);
  const all = [...rooms, ...foreignRooms];
  $('#rooms-line').textContent = answers ? (all.length > 0 ? '' : NO_ROOMS) : NO_NODE;
  // What has not changed stays: nobody clicks beside a button that was just replaced.
  const news = JSON.stringify([rooms, foreignRooms, instances, visitable], (key, value) =>
    key === 'age_ms' || key === 'updatedAt' ? undefined : value,
  );
  if (news === listed) return;
  listed = news;
  $('#list').hidden = all.length === 0;
  $('#list').classList.toggle('with-others', foreignRooms.length > 0);
  $('#rooms').replaceChildren(...all.map((room) => roomRow(room, instances, join)));
  $('#elsewhere').hidden = visitable.length === 0;
  $('#instances').replaceChildren(...visitable.map((each) => instanceItem(each, instances, withdraw)));
}

const withdraw = ({ issuer }) =>
  attempt(async () => {
    await netplay.withdrawConsent(issuer);
    await listRooms();
  });

async function join(room, { spectator, back }) {
  const { room_name: name, game_id: gameId, sessionid: sessionId, instance } = room;
  let password;
  // Whoever has a place in it is let in without.
  if (room.hasPassword && !back) {
    password = prompt(`Password of ${name}`) ?? undefined;
    if (password === undefined) return;
  }
  try {
    await play(joinOnceAgreed({ name, gameId, sessionId, password, spectator, instance }), room);
  } catch (error) {
    // The place is gone, or the room, or what is shown of it is old.
    if (back) forgetPlace();
    listed = undefined;
    await listRooms();
    throw error;
  }
}

/** Joins, and asks the player first whether another instance may know who they are. */
async function joinOnceAgreed(options) {
  try {
    return await netplay.joinRoom(options);
  } catch (error) {
    if (error.code !== 'consent_required') throw error;
    const asked = (await netplay.instances()).find(({ issuer }) => issuer === options.instance);
    if (asked === undefined || !(await askConsent(asked, netplay.player))) throw error;
    await netplay.giveConsent(asked.issuer);
    // Shows where it can be taken back, even if joining fails.
    await listRooms();
    return netplay.joinRoom(options);
  }
}

onClick($('#refresh'), listRooms);
setInterval(() => {
  if (!$('#lobby').hidden && !document.hidden) void listRooms();
}, REFRESH_MS);
onSubmit($('#open'), ({ name, slots, password, visibility }) =>
  play(netplay.openRoom({ name, maxPlayers: Number(slots), visibility, ...(password && { password }) })),
);

// ---- in a room

/** After these the place may still be there. */
const MAY_COME_BACK = ['taken_over', 'reconnect_failed', 'connection_closed'];

async function play(entering, from) {
  const room = await entering;
  rememberPlace(from ?? { room_name: room.name });
  show('room');
  showRoom(room, from?.instance_label, (reason) => {
    if (!MAY_COME_BACK.includes(reason.code)) forgetPlace();
    listed = undefined;
    if (netplay.player === undefined) return;
    void enter(netplay.player);
    notice(sentenceOf(reason));
  });
}

// ---- start

if (rommUrl !== null) {
  $('#to-romm').href = rommUrl;
  $('#to-romm').hidden = false;
}
await attempt(() => netplay.restore());
if (netplay.player === undefined) offerSignIn();
