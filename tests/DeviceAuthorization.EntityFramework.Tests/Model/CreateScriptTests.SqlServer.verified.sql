IF SCHEMA_ID(N'auth') IS NULL EXEC(N'CREATE SCHEMA [auth];');
GO


CREATE TABLE [auth].[DeviceAuthorizationLeases] (
    [Name] nvarchar(64) NOT NULL,
    [Until] bigint NOT NULL,
    CONSTRAINT [PK_DeviceAuthorizationLeases] PRIMARY KEY ([Name])
);
GO


CREATE TABLE [auth].[DevicePairings] (
    [Id] uniqueidentifier NOT NULL,
    [DeviceCodeHash] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [UserCodeHash] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [ClientId] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [RequiresClientId] bit NOT NULL,
    [RequestedScopes] nvarchar(max) NOT NULL,
    [ReportedName] nvarchar(255) NOT NULL,
    [ReportedPlatform] nvarchar(50) NULL,
    [ReportedClientVersion] nvarchar(50) NULL,
    [ReportedIdentifier] nvarchar(255) NULL,
    [ReportedAddress] nvarchar(64) NULL,
    [CanShowNumber] bit NOT NULL,
    [CreatedAt] bigint NOT NULL,
    [TraceParent] nvarchar(55) NULL,
    [ExpiresAt] bigint NOT NULL,
    [PollInterval] bigint NOT NULL,
    [PollDueAt] bigint NOT NULL,
    [IsSlowed] bit NOT NULL,
    [PollWriteId] uniqueidentifier NOT NULL,
    [Status] nvarchar(16) NOT NULL,
    [ApproverId] nvarchar(255) NULL,
    [ClaimedUntil] bigint NULL,
    [IsSuspected] bit NULL,
    [GrantedScopes] nvarchar(max) NULL,
    [GrantedDeviceName] nvarchar(255) NULL,
    [GrantedAsNewDevice] bit NOT NULL,
    [TokenExpiresAt] bigint NULL,
    [TokenSalt] nvarchar(64) NULL,
    [DeviceId] nvarchar(64) NULL,
    [GrantedSignOuts] bigint NULL,
    [GrantedAccountStamp] nvarchar(22) NULL,
    [MatchNumber] int NULL,
    [RedeemedAt] bigint NULL,
    [IdempotencyKeyHash] nvarchar(64) NULL,
    [RedeemedFrom] nvarchar(64) NULL,
    [Version] bigint NOT NULL,
    [WriteId] uniqueidentifier NOT NULL,
    CONSTRAINT [PK_DevicePairings] PRIMARY KEY ([Id])
);
GO


CREATE TABLE [auth].[DeviceTokenOwners] (
    [UserId] nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [Turn] bigint NOT NULL,
    [SignOuts] bigint NULL,
    CONSTRAINT [PK_DeviceTokenOwners] PRIMARY KEY ([UserId])
);
GO


CREATE TABLE [auth].[PairedDevices] (
    [Id] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [UserId] nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [Name] nvarchar(255) NULL,
    [Platform] nvarchar(50) NULL,
    [Client] nvarchar(128) NULL,
    [ClientVersion] nvarchar(50) NULL,
    [IpAddress] nvarchar(45) NULL,
    [MacAddress] nvarchar(17) NULL,
    [Hostname] nvarchar(255) NULL,
    [ClientDeviceIdentifier] nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL,
    [Fingerprint] nvarchar(320) COLLATE Latin1_General_100_BIN2 NULL,
    [SyncMode] nvarchar(16) NOT NULL,
    [SyncEnabled] bit NOT NULL,
    [SyncConfig] nvarchar(max) NULL,
    [Capabilities] nvarchar(max) NULL,
    [LastSeenAt] bigint NULL,
    [CreatedAt] bigint NOT NULL,
    [UpdatedAt] bigint NOT NULL,
    [Version] bigint NOT NULL,
    [WriteId] uniqueidentifier NOT NULL,
    CONSTRAINT [PK_PairedDevices] PRIMARY KEY ([Id])
);
GO


CREATE TABLE [auth].[DeviceTokens] (
    [Id] uniqueidentifier NOT NULL,
    [UserId] nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [DeviceId] nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
    [IsBound] bit NOT NULL,
    [PairingId] uniqueidentifier NULL,
    [ClientId] nvarchar(128) NULL,
    [StartedFrom] nvarchar(64) NULL,
    [AccountStamp] nvarchar(22) NULL,
    [Hash] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [Name] nvarchar(255) NOT NULL,
    [Scopes] nvarchar(max) NOT NULL,
    [CreatedAt] bigint NOT NULL,
    [ExpiresAt] bigint NULL,
    [LastUsedAt] bigint NULL,
    [RevokedAt] bigint NULL,
    [Version] bigint NOT NULL,
    [WriteId] uniqueidentifier NOT NULL,
    CONSTRAINT [PK_DeviceTokens] PRIMARY KEY ([Id]),
    CONSTRAINT [FK_DeviceTokens_PairedDevices_DeviceId] FOREIGN KEY ([DeviceId]) REFERENCES [auth].[PairedDevices] ([Id]) ON DELETE SET NULL
);
GO


CREATE UNIQUE INDEX [IX_DevicePairings_DeviceCodeHash] ON [auth].[DevicePairings] ([DeviceCodeHash]);
GO


CREATE INDEX [IX_DevicePairings_ExpiresAt] ON [auth].[DevicePairings] ([ExpiresAt]);
GO


CREATE UNIQUE INDEX [IX_DevicePairings_UserCodeHash] ON [auth].[DevicePairings] ([UserCodeHash]);
GO


CREATE INDEX [IX_DeviceTokens_DeviceId] ON [auth].[DeviceTokens] ([DeviceId]);
GO


CREATE UNIQUE INDEX [IX_DeviceTokens_Hash] ON [auth].[DeviceTokens] ([Hash]);
GO


CREATE UNIQUE INDEX [IX_DeviceTokens_PairingId] ON [auth].[DeviceTokens] ([PairingId]) WHERE [PairingId] IS NOT NULL;
GO


CREATE INDEX [IX_DeviceTokens_RevokedAt] ON [auth].[DeviceTokens] ([RevokedAt]);
GO


CREATE INDEX [IX_DeviceTokens_UserId] ON [auth].[DeviceTokens] ([UserId]);
GO


CREATE UNIQUE INDEX [IX_PairedDevices_UserId_ClientDeviceIdentifier] ON [auth].[PairedDevices] ([UserId], [ClientDeviceIdentifier]) WHERE [ClientDeviceIdentifier] IS NOT NULL;
GO


CREATE UNIQUE INDEX [IX_PairedDevices_UserId_Fingerprint] ON [auth].[PairedDevices] ([UserId], [Fingerprint]) WHERE [Fingerprint] IS NOT NULL;
GO
