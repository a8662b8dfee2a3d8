/** Amazon's signature against the example its documentation works through, and the shapes of keys. */
import assert from "node:assert/strict";
import { awsIdentity, signatureHeaders } from "./aws_signature.ts";
import { Secret } from "../kernel/secret.ts";
import { PROTOCOLS } from "./protocols.ts";

Deno.test("the documented example gives the documented signature", () => {
  const { authorization } = signatureHeaders(
    {
      method: "GET",
      url: new URL("https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08"),
      headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
      body: "",
    },
    {
      identity: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
      region: "us-east-1",
      service: "iam",
      now: Date.UTC(2015, 7, 30, 12, 36, 0),
    },
  );
  assert.equal(
    authorization,
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, " +
      "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
  );
});

Deno.test("a borrowed identity brings its token, which is signed too", () => {
  const identity = awsIdentity("ASIA1234567890ABCDEF:secret/+x:token:with:colons");
  assert.deepEqual(identity, { accessKeyId: "ASIA1234567890ABCDEF", secretAccessKey: "secret/+x", sessionToken: "token:with:colons" });
  assert.ok(identity !== undefined);
  const parts = { method: "POST", url: new URL("https://x.example/model/a%3A0/converse"), headers: {}, body: "{}" };
  const headers = signatureHeaders(parts, { identity, region: "eu-west-1", service: "bedrock", now: 0 });
  assert.equal(headers["x-amz-security-token"], "token:with:colons");
  assert.match(headers.authorization ?? "", /SignedHeaders=host;x-amz-date;x-amz-security-token/);
});

Deno.test("other keys are no identity", () => {
  for (const key of ["", "ABSK-a-bearer-key", "AKIA1234567890ABCDEF", "x:y"]) assert.equal(awsIdentity(key), undefined, key);
});

Deno.test("Bedrock's calls are signed for the region of their address, whatever stands before it", () => {
  const regions: readonly (readonly [host: string, region: string])[] = [
    ["bedrock-runtime.eu-west-1.amazonaws.com", "eu-west-1"],
    ["bedrock.us-gov-west-1.amazonaws.com", "us-gov-west-1"],
    ["bedrock-runtime-fips.us-east-2.amazonaws.com", "us-east-2"],
    ["vpce-0a1b-2c3d.bedrock-runtime.ap-south-1.vpce.amazonaws.com", "ap-south-1"],
    ["bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"],
    ["127.0.0.1", "us-east-1"],
  ];
  for (const [host, region] of regions) {
    const parts = { method: "GET", url: new URL(`https://${host}/foundation-models`), headers: {}, body: "" };
    const signed = PROTOCOLS.bedrock.sign?.(parts, new Secret("AKIA1234567890ABCDEF:a-secret"), 0);
    assert.match(signed?.authorization ?? "", new RegExp(`/${region}/bedrock/aws4_request`), host);
  }
});
