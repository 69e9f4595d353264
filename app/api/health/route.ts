import { health } from "@/lib/health";
import { openRoute } from "@/lib/http/route";

export const GET = openRoute(() => health());
