/** The consent page, drawn alike for every platform, and the page that refuses to show it. */
import { html } from "hono/html";
import type { Answer, Call, ConsentRequest, Simulator } from "./kit";

/** Asks who is signing in and what the app may do. Works without scripts; the form comes back to the same address. */
export function consentPage(simulator: Simulator, call: Call, request: ConsentRequest): Answer {
  const { name, platform } = simulator;
  const people = call.people.map(
    (person, index) => html`<label class="choice">
      <input type="radio" name="person" value="${person.id}" ${index === 0 ? "checked" : ""} required>
      <span><strong>${person.name}</strong><br><small>@${person.username}</small></span>
    </label>`,
  );
  const scopes = request.scopes.map((scope) =>
    request.optionalScopes.includes(scope)
      ? html`<li><label class="scope"><input type="checkbox" name="scope" value="${scope}" checked> ${scope}</label></li>`
      : html`<li><input type="hidden" name="scope" value="${scope}">${scope}</li>`,
  );
  const assets = (request.assets ?? []).map(
    (asset) =>
      html`<li><label class="scope"><input type="checkbox" name="asset" value="${asset.id}" checked> ${asset.name}
      <small>(${call.people.find(({ id }) => id === asset.personId)?.name ?? ""})</small></label></li>`,
  );
  const body = html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${name} (sandbox): allow access?</title>
  <link rel="stylesheet" href="${call.sandboxOrigin}/_sandbox/style.css">
</head>
<body class="narrow" data-platform="${platform}">
  <main>
    <p class="notice" role="note">This is a sandbox of ${name}. Nothing leaves this machine.</p>
    <h1>Carillon wants to use your ${name} account</h1>
    <form method="post">
      <fieldset><legend>Continue as</legend>${people}</fieldset>
      <fieldset><legend>It would be allowed to</legend><ul class="scopes">${scopes}</ul></fieldset>
      ${assets.length === 0 ? "" : html`<fieldset><legend>For these, where they are yours</legend><ul class="scopes">${assets}</ul></fieldset>`}
      <p class="actions">
        <button type="submit" name="decision" value="allow">Allow</button>
        <button type="submit" name="decision" value="deny" class="quiet" formnovalidate>Deny</button>
      </p>
    </form>
    <p><small>You will go back to ${new URL(request.redirectUri).origin}.</small></p>
  </main>
</body>
</html>`;
  return page(call, 200, String(body), new URL(request.redirectUri).origin);
}

/** The platform's page for a request it will not take back to the app, e.g. an unregistered redirect URI. */
export function refusalPage(call: Call, platformName: string, reason: string, status = 400): Answer {
  const body = html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${platformName} (sandbox): this cannot continue</title>
  <link rel="stylesheet" href="${call.sandboxOrigin}/_sandbox/style.css">
</head>
<body class="narrow">
  <main>
    <p class="notice" role="note">This is a sandbox of ${platformName}. Nothing leaves this machine.</p>
    <h1>This cannot continue</h1>
    <p>${reason}</p>
  </main>
</body>
</html>`;
  return page(call, status, String(body), "");
}

function page(call: Call, status: number, body: string, goesBackTo: string): Answer {
  return {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      // A form's redirect counts as its target too, so the app's origin has to be among them.
      "content-security-policy":
        `default-src 'none'; style-src ${call.sandboxOrigin}; form-action ${call.sandboxOrigin} 'self' ${goesBackTo}; ` +
        "base-uri 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
    body,
  };
}
