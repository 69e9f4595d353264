/** Where in the browser each value is. The words are those of Chrome, Edge and Firefox. */
export const SessionSteps = () => (
  <ol className="grid list-decimal gap-2 pl-5 text-sm marker:font-medium">
    <li>
      In the browser you always use for it, sign in to <Name>onlyfans.com</Name> with your own account.
    </li>
    <li>
      Open the developer tools (<Key>F12</Key>, or <Key>⌥ ⌘ I</Key> on a Mac), choose <b>Network</b>, and
      reload the page.
    </li>
    <li>
      Type <Name>users/me</Name> into the filter and choose the request named <Name>me</Name>.
    </li>
    <li>
      The quick way: right-click it, <b>Copy</b>, <b>Copy as cURL</b>, and paste it below.
    </li>
    <li>
      By hand: under <b>Request Headers</b> are <Name>x-bc</Name> and <Name>User-Agent</Name>; under{" "}
      <b>Cookies</b> are <Name>auth_id</Name> and <Name>sess</Name>, and with two-factor sign-in one whose
      name begins with <Name>auth_uid_</Name>.
    </li>
    <li>Do not sign out there afterwards: that ends the session you pasted.</li>
  </ol>
);

const Name = ({ children }: { children: string }) => (
  <code className="numbers rounded bg-sunken px-1 py-0.5 whitespace-nowrap text-ink">{children}</code>
);

const Key = ({ children }: { children: string }) => (
  <kbd className="numbers rounded border border-line bg-sunken px-1 py-0.5 text-[0.8125rem]">{children}</kbd>
);
