// The place that the URL's fragment names: #python is a room, #@ada a conversation.

/** @returns {{kind: 'room'|'person', name: string} | null} */
export function placeIn(fragment) {
  let name;
  try {
    name = decodeURIComponent(fragment.replace(/^#/, '')).trim();
  } catch {
    return null;
  }
  const kind = name.startsWith('@') ? 'person' : 'room';
  name = name.replace(/^[@#]+/, '').normalize('NFC');
  if (!name || /[\s\p{C}]/u.test(name)) return null;
  return { kind, name: kind === 'room' ? name.toLowerCase() : name };
}

export function fragmentOf(place) {
  return `#${place.isRoom ? '' : '@'}${encodeURIComponent(place.name)}`;
}
