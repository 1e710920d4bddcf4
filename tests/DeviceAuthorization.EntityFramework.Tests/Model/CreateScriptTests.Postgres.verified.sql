CREATE TABLE "DeviceAuthorizationLeases" (
    "Name" character varying(64) NOT NULL,
    "Until" bigint NOT NULL,
    CONSTRAINT "PK_DeviceAuthorizationLeases" PRIMARY KEY ("Name")
);


CREATE TABLE "DevicePairings" (
    "Id" uuid NOT NULL,
    "DeviceCodeHash" character varying(64) NOT NULL,
    "UserCodeHash" character varying(64) NOT NULL,
    "ClientId" character varying(128) NOT NULL,
    "RequiresClientId" boolean NOT NULL,
    "RequestedScopes" text NOT NULL,
    "ReportedName" character varying(255) NOT NULL,
    "ReportedPlatform" character varying(50),
    "ReportedClientVersion" character varying(50),
    "ReportedIdentifier" character varying(255),
    "ReportedAddress" character varying(64),
    "CanShowNumber" boolean NOT NULL,
    "CreatedAt" bigint NOT NULL,
    "TraceParent" character varying(55),
    "ExpiresAt" bigint NOT NULL,
    "PollInterval" bigint NOT NULL,
    "PollDueAt" bigint NOT NULL,
    "IsSlowed" boolean NOT NULL,
    "PollWriteId" uuid NOT NULL,
    "Status" character varying(16) NOT NULL,
    "ApproverId" character varying(255),
    "ClaimedUntil" bigint,
    "IsSuspected" boolean,
    "GrantedScopes" text,
    "GrantedDeviceName" character varying(255),
    "GrantedAsNewDevice" boolean NOT NULL,
    "TokenExpiresAt" bigint,
    "TokenSalt" character varying(64),
    "DeviceId" character varying(64),
    "GrantedSignOuts" bigint,
    "GrantedAccountStamp" character varying(22),
    "MatchNumber" integer,
    "RedeemedAt" bigint,
    "IdempotencyKeyHash" character varying(64),
    "RedeemedFrom" character varying(64),
    "Version" bigint NOT NULL,
    "WriteId" uuid NOT NULL,
    CONSTRAINT "PK_DevicePairings" PRIMARY KEY ("Id")
);


CREATE TABLE "DeviceTokenOwners" (
    "UserId" character varying(255) NOT NULL,
    "Turn" bigint NOT NULL,
    "SignOuts" bigint,
    CONSTRAINT "PK_DeviceTokenOwners" PRIMARY KEY ("UserId")
);


CREATE TABLE "PairedDevices" (
    "Id" character varying(64) NOT NULL,
    "UserId" character varying(255) NOT NULL,
    "Name" character varying(255),
    "Platform" character varying(50),
    "Client" character varying(128),
    "ClientVersion" character varying(50),
    "IpAddress" character varying(45),
    "MacAddress" character varying(17),
    "Hostname" character varying(255),
    "ClientDeviceIdentifier" character varying(255),
    "Fingerprint" character varying(320),
    "SyncMode" character varying(16) NOT NULL,
    "SyncEnabled" boolean NOT NULL,
    "SyncConfig" text,
    "Capabilities" text,
    "LastSeenAt" bigint,
    "CreatedAt" bigint NOT NULL,
    "UpdatedAt" bigint NOT NULL,
    "Version" bigint NOT NULL,
    "WriteId" uuid NOT NULL,
    CONSTRAINT "PK_PairedDevices" PRIMARY KEY ("Id")
);


CREATE TABLE "DeviceTokens" (
    "Id" uuid NOT NULL,
    "UserId" character varying(255) NOT NULL,
    "DeviceId" character varying(64),
    "IsBound" boolean NOT NULL,
    "PairingId" uuid,
    "ClientId" character varying(128),
    "StartedFrom" character varying(64),
    "AccountStamp" character varying(22),
    "Hash" character varying(64) NOT NULL,
    "Name" character varying(255) NOT NULL,
    "Scopes" text NOT NULL,
    "CreatedAt" bigint NOT NULL,
    "ExpiresAt" bigint,
    "LastUsedAt" bigint,
    "RevokedAt" bigint,
    "Version" bigint NOT NULL,
    "WriteId" uuid NOT NULL,
    CONSTRAINT "PK_DeviceTokens" PRIMARY KEY ("Id"),
    CONSTRAINT "FK_DeviceTokens_PairedDevices_DeviceId" FOREIGN KEY ("DeviceId") REFERENCES "PairedDevices" ("Id") ON DELETE SET NULL
);


CREATE UNIQUE INDEX "IX_DevicePairings_DeviceCodeHash" ON "DevicePairings" ("DeviceCodeHash");


CREATE INDEX "IX_DevicePairings_ExpiresAt" ON "DevicePairings" ("ExpiresAt");


CREATE UNIQUE INDEX "IX_DevicePairings_UserCodeHash" ON "DevicePairings" ("UserCodeHash");


CREATE INDEX "IX_DeviceTokens_DeviceId" ON "DeviceTokens" ("DeviceId");


CREATE UNIQUE INDEX "IX_DeviceTokens_Hash" ON "DeviceTokens" ("Hash");


CREATE UNIQUE INDEX "IX_DeviceTokens_PairingId" ON "DeviceTokens" ("PairingId");


CREATE INDEX "IX_DeviceTokens_RevokedAt" ON "DeviceTokens" ("RevokedAt");


CREATE INDEX "IX_DeviceTokens_UserId" ON "DeviceTokens" ("UserId");


CREATE UNIQUE INDEX "IX_PairedDevices_UserId_ClientDeviceIdentifier" ON "PairedDevices" ("UserId", "ClientDeviceIdentifier");


CREATE UNIQUE INDEX "IX_PairedDevices_UserId_Fingerprint" ON "PairedDevices" ("UserId", "Fingerprint");
