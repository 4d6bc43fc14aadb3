// A device with passkeys, which Chromium has of its own (WebAuthn of the DevTools protocol).

/** Gives the page of a browser such a device, and what tells it to do something. */
export async function withDevice(context, page) {
  const tools = await context.newCDPSession(page);
  await tools.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2",
    ctap2Version: "ctap2_1",
    transport: "internal",
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  const { authenticatorId } = await tools.send("WebAuthn.addVirtualAuthenticator", { options });
  return (method, more = {}) => tools.send(`WebAuthn.${method}`, { authenticatorId, ...more });
}
