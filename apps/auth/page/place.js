/**
 * The room that this tab has a place in. Its node keeps the place for a while when the page is reloaded, and lets its
 * player in also where nobody else gets in.
 */
const KEY = 'netplay-place';

/** As the list has it; absent members are none. */
const nameOf = ({ room_name: name, game_id: gameId, sessionid, instance }) =>
  JSON.stringify([name, gameId ?? null, sessionid ?? null, instance ?? null]);

export const rememberPlace = (room) => sessionStorage.setItem(KEY, nameOf(room));
export const forgetPlace = () => sessionStorage.removeItem(KEY);
export const hasPlaceIn = (room) => sessionStorage.getItem(KEY) === nameOf(room);
