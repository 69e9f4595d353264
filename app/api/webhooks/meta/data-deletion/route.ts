import { formField } from "@/lib/http/form";
import { ok, openRoute } from "@/lib/http/route";
import { deleteData } from "@/lib/leaving/callbacks";

export const POST = openRoute(async (request) =>
  ok(await deleteData("meta", await formField(request, "signed_request"))),
);
