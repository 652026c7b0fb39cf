// Choices kept in this browser. Storage may be switched off: then nothing is remembered.

export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Not remembered, and nothing else depends on it.
  }
}
