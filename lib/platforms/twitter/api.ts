export const API = "https://api.x.com/2";
