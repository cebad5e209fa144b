/** What the hub's controllers are given. */
export const views = Symbol('views');
export const privacy = Symbol('privacy');
export const clock = Symbol('clock');
export const store = Symbol('store');
export const transport = Symbol('transport');
export const commands = Symbol('commands');
