// What an agent hears and feels without looking at the screen: another signal for each tone.

const NOTES = { green: [[880, 0.12], [1175, 0.16]], orange: [[587, 0.18], [587, 0.18]], red: [[220, 0.55]] };
const PULSES = { green: [80], orange: [120, 80, 120], red: [500] };

let context;

/** Wake the sound up; browsers allow it after a press only. */
export function wakeSound() {
  context ??= new AudioContext();
  return context.resume();
}

export function signal(tone, loud) {
  navigator.vibrate?.(PULSES[tone]);
  if (!loud || context?.state !== "running") return;
  let at = context.currentTime;
  for (const [hertz, seconds] of NOTES[tone]) {
    const note = context.createOscillator();
    note.frequency.value = hertz;
    note.type = "square";
    const volume = context.createGain();
    volume.gain.value = 0.2;
    note.connect(volume).connect(context.destination);
    note.start(at);
    note.stop(at + seconds);
    at += seconds + 0.06;
  }
}
